# fish completion for ptp-archiver: the program itself says what may stand there.
function __ptp_archiver_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (command $words[1] complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':folders'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c ptp-archiver -f -a '(__ptp_archiver_complete)'
