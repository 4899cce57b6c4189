/*
 * sim/limits.h - every limit of the simulator, in one place.
 *
 * They limit its memory for every client and every scenario.
 */
#ifndef SIM_LIMITS_H
#define SIM_LIMITS_H

#define SIM_CONNECTIONS 256               /* open at one time; one thread each */
#define SIM_IDLE_SECONDS 300              /* a silent connection is closed after this */
#define SIM_CONNECTION_MEMORY (256 << 10) /* request line and headers, and the answer's headers */

#define SIM_SCENARIO_BYTES (4 << 20) /* of the scenario file */
#define SIM_STATE_BYTES (256L << 20) /* of the state file */
#define SIM_FAULTS 1000              /* rules in a scenario */

#define SIM_CONTAINERS 10000   /* of all accounts */
#define SIM_ASSIGNMENTS 100000 /* then every fetch is answered with an error */
#define SIM_CONTAINER_NAME 40  /* characters */
#define SIM_LISTED 100         /* transactions in one IncompleteTransactions, newest first */

#define SIM_BODY_BYTES (64 << 20)           /* of one answer held in memory */
#define SIM_TORRENT_SIZE ((int64_t)1 << 40) /* what a generated torrent may describe: 1 TiB */
#define SIM_TORRENT_PIECES 2000             /* wanted; more only above 16 MiB a piece */
#define SIM_PIECE_MIN (16 << 10)
#define SIM_PIECE_MAX (16 << 20)
#define SIM_DEPTH 100000 /* nested lists of the bad torrent "huge_depth" */

#define SIM_BOMB_BYTES ((int64_t)1 << 30)     /* default unpacked size */
#define SIM_BOMB_BYTES_MAX ((int64_t)1 << 36) /* 64 GiB unpacked, 64 MiB on the wire */
#define SIM_ENDLESS_RATE (4 << 20)            /* bytes per second by default */

#define SIM_PING_LIMIT 10000             /* default Ping-Body-Limit */
#define SIM_PING_LIMIT_MAX (1 << 20)     /* highest that a scenario may set */
#define SIM_UPLOAD_BYTES ((5 << 20) / 2) /* a longer request body is answered with 400 */
#define SIM_PINGS 10000                  /* remembered; older ones are forgotten */
#define SIM_CHECKS 1000                  /* made by create=1 */

#endif
