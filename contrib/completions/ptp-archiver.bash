# bash completion for ptp-archiver: the program itself says what may stand there.

# Splits a line as the shell does, without expanding anything. Sets the caller's variables:
# typed is its words, unquoted. quote is the quote that is open in the last word. kept is the start of
# the last word that readline does not replace: up to an open quote, else up to the last character that
# breaks words for readline.
_ptp_archiver_split() {
	local line=$1 breaks=${COMP_WORDBREAKS//[\"\'\\]/} word="" begun="" before="" char i

	typed=() quote="" kept=""
	for ((i = 0; i < ${#line}; i++)); do
		char=${line:i:1}
		if [[ -n $quote && $char = "$quote" ]]; then
			quote="" kept=$before
			continue
		elif [[ $quote = "'" || ($quote = '"' && $char != "\\") ]]; then
			word+=$char
			continue
		elif [[ $quote = '"' ]]; then
			[[ ${line:i+1:1} != [\$\`\"\\] ]] || { ((++i)) && char=${line:i:1}; }
			word+=$char
			continue
		fi
		case $char in
		[[:space:]])
			[[ -z $begun ]] || typed+=("$word")
			word="" begun="" kept=""
			continue
			;;
		[\"\'])
			before=$kept quote=$char kept=$word
			;;
		\\)
			((++i)) && word+=${line:i:1}
			;;
		*)
			word+=$char
			[[ $breaks != *"$char"* ]] || kept=$word
			;;
		esac
		begun=1
	done
	typed+=("$word")
}

# Prints the rest of a word, quoted for a place after this open quote. Fails if that is not possible.
# Readline closes the quote, unless the last character is one. It removes an open quote before another.
# After a " the history's ! cannot be quoted.
_ptp_archiver_quote() {
	local quote=$1 rest=$2 tick="'\\''"

	case $quote in
	"'")
		[[ $rest != "'"* ]] || return 1
		rest=${rest//"'"/"$tick"}
		[[ $rest != *"'" ]] || rest=${rest%"'"}
		;;
	'"')
		[[ $rest != *"!"* ]] || return 1
		rest=${rest//\\/\\\\} rest=${rest//\"/\\\"} rest=${rest//\$/\\\$} rest=${rest//\`/\\\`}
		[[ $rest != *'"' ]] || rest+='"'
		;;
	*)
		[[ -z $rest ]] || printf -v rest %q "$rest"
		;;
	esac
	printf '%s\n' "$rest"
}

_ptp_archiver() {
	local typed quote kept current line word option="" kind

	_ptp_archiver_split "${COMP_LINE:0:COMP_POINT}"
	current=${typed[-1]}
	[[ $current != --*=* ]] || option=${current%%=*}=
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files | :folders)
			compopt -o filenames 2>/dev/null
			[[ $line = :files ]] && kind=-f || kind=-d
			while IFS= read -r word; do
				word=$option$word
				COMPREPLY+=("${word:${#kept}}")
			done < <(compgen "$kind" -- "${current:${#option}}")
			;;
		*)
			word=${line%%$'\t'*}
			[[ $word = "$current"* ]] || continue
			word=$(_ptp_archiver_quote "$quote" "${word:${#kept}}") &&
				COMPREPLY+=("$word")
			;;
		esac
	done < <("$1" complete -- "${typed[@]:1}" 2>/dev/null)
}
complete -F _ptp_archiver ptp-archiver
