# Sums what the test runners themselves report, over the logs of all stages, into one line.
# cargo test: "test result: ok. 12 passed; 0 failed; 1 ignored; ..."   a stage's own line: "12 passed, 0 failed"
# vitest: "      Tests  1 failed | 12 passed | 2 skipped (15)"
# node --test: "# pass 12", "# fail 0"      unittest: "Ran 12 tests in 3s", then "OK" or "FAILED (failures=1, errors=1)"
{ gsub(/\033\[[0-9;]*m/, "") }

function add(text,    parts, count, i, word) {
    count = split(text, parts, /[;,|]/)
    for (i = 1; i <= count; i++) {
        split(parts[i], word, " ")
        if (word[2] ~ /^passed/) passed += word[1]
        if (word[2] ~ /^failed/) failed += word[1]
        if (word[2] ~ /^(skipped|ignored)/) skipped += word[1]
    }
}

/^test result: / { sub(/^test result: [A-Za-z]+\. /, ""); add($0); next }
/^ *Tests +[0-9]+ (passed|failed|skipped)/ { sub(/^ *Tests +/, ""); add($0); next }
/^([a-z-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { sub(/^[a-z-]+: /, ""); add($0); next }

/^[^ ]+ pass [0-9]+$/ { passed += $3; next }
/^[^ ]+ fail [0-9]+$/ { failed += $3; next }
/^[^ ]+ skipped [0-9]+$/ { skipped += $3; next }
/^Ran [0-9]+ tests? in / { passed += $2; next }
/^FAILED \((failures|errors)=/ {
    gsub(/[^0-9,]/, "")
    count = split($0, parts, ",")
    for (i = 1; i <= count; i++) { failed += parts[i]; passed -= parts[i] }
    next
}

END {
    # A stage that failed without counting a failed test (it did not compile, it ran out of time) still fails.
    if (broken > failed) failed = broken
    printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
}
