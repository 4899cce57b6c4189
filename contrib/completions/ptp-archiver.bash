# bash completion for ptp-archiver: what may stand there is asked of the program itself.
_ptp_archiver() {
	local current=${COMP_WORDS[COMP_CWORD]} open="" line word quoted
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}")

	COMPREPLY=()
	[[ $current != "=" ]] || current=""
	[[ $current != [\"\']* ]] || { open=1 current=${current:1}; }
	while IFS= read -r line; do
		word=${line%%$'\t'*}
		case $word in
		:files | :folders)
			compopt -o filenames 2>/dev/null
			[[ $word = :files ]] && quoted=-f || quoted=-d
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
				< <(compgen "$quoted" -- "$current")
			;;
		*)
			printf -v quoted %q "$word"
			[[ -z $open ]] || quoted=$word
			[[ $word != "$current"* && $quoted != "$current"* ]] ||
				COMPREPLY+=("$quoted")
			;;
		esac
	done < <("$1" complete -- "${words[@]}" 2>/dev/null)
}
complete -F _ptp_archiver ptp-archiver
