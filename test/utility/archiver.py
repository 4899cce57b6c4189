#!/usr/bin/env python3
"""A test double of the tracker's official utility, written from what is known of it from outside: its
command line, the forms of its output and of its failures, what it does to its files.  It is not the
utility, and shares nothing with it.
"""

__version__ = "0.10"

import json
import os
import re
import sys
import time

import requests

DEFAULTS = {"ApiUser": None, "ApiKey": None, "BaseURL": "https://passthepopcorn.me",
            "FetchURL": "archive.php?action=fetch", "UpdateURL": "archive.php?action=script",
            "VersionURL": "archive.php?action=scriptver",
            "DownloadURL": "torrents.php?action=download", "FetchSleep": 5, "Containers": {}}
CONTAINER = {"Size": "500G", "MaxStalled": 0, "AfterFetchExec": None,
             "WatchDirectory": "/tmp/$name"}


def load(path):
    config = dict(DEFAULTS)
    if os.path.exists(path):
        with open(path) as file:
            config.update(json.load(file))
    config.setdefault("Default", dict(CONTAINER))
    for name, container in config["Containers"].items():
        for key, value in config["Default"].items():
            container.setdefault(key, value)
        container["WatchDirectory"] = container["WatchDirectory"].replace("$name", name)
    return config


def save(config, path):
    with open(path, "w") as file:
        json.dump(config, file, indent=2, sort_keys=True)


def get(config, url, **parameters):
    query = "".join(f"&{key}={requests.utils.quote(str(value))}"
                    for key, value in parameters.items())
    answer = requests.get(f"{config['BaseURL']}/{url}{query}",
                          headers={"ApiUser": config["ApiUser"], "ApiKey": config["ApiKey"]})
    answer.raise_for_status()
    return answer


def ask(config, name):
    container = config["Containers"][name]
    reply = get(config, config["FetchURL"], ContainerName=name, ContainerSize=container["Size"],
                MaxStalled=container["MaxStalled"]).json()
    if reply.get("Status") != "Ok":
        raise RuntimeError(f"Error: Unexpected server response\n\n{reply}")
    container["ContainerID"] = int(reply["ContainerID"])
    return reply


def make_folder(folder):
    if not os.path.isdir(folder):
        if input(f"{folder} does not exist. Create it (y/N)? ").lower() != "y":
            raise RuntimeError("Error: No watch directory")
        os.makedirs(folder)


def write(path, data):
    """Straight into the watch directory, not atomically."""
    with open(path, "wb") as file:
        file.write(data)


def fetch(config, name):
    reply = ask(config, name)
    answer = get(config, config["DownloadURL"], id=reply["TorrentID"],
                 ArchiveID=reply["ArchiveID"])
    field = answer.headers.get("Content-Disposition", "")
    found = re.search(r'filename="?([^"]*)"?', field)
    if not found:
        raise RuntimeError("Error: Unexpected server response\n\n" + answer.text)
    folder = config["Containers"][name]["WatchDirectory"]
    make_folder(folder)
    path = os.path.join(folder, found.group(1))
    write(path, answer.content)
    print(f'New download written as "{path}"')


def show(config):
    print("Containers:")
    for name, container in sorted(config["Containers"].items()):
        print(f"\t{name} ({container['Size']}): {container['WatchDirectory']}")


def update(config):
    newest = get(config, config["VersionURL"]).json()["ScriptVersion"]
    if float(newest) <= float(__version__):
        print("Script is currently up-to-date")
    elif input(f"Update from {__version__} to {newest} (y/N)? ").lower() == "y":
        source = get(config, config["UpdateURL"]).content
        os.rename(__file__, f"{__file__}-{__version__}.bak")
        write(__file__, source)
        print(f"Updated ({__file__})")


def main(arguments):
    path = "config.ptp"
    if "--config" in arguments:
        at = arguments.index("--config")
        path = arguments[at + 1]
        del arguments[at:at + 2]
    config = load(path)
    if arguments[:1] == ["list"]:
        show(config)
    elif arguments[:1] == ["update"]:
        update(config)
    elif arguments[:1] == ["fetch"] and len(arguments) == 2:
        names = sorted(config["Containers"]) if arguments[1] == "all" else arguments[1:]
        for number, name in enumerate(names):
            if number:
                time.sleep(config["FetchSleep"])
            fetch(config, name)
    else:
        sys.exit("usage: archiver.py [setup | list | create NAME | fetch NAME|all | update] "
                 "[--config PATH]")
    save(config, path)


if __name__ == "__main__":
    main(sys.argv[1:])
