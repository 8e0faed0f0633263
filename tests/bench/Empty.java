///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Nothing: what starting a script costs.

/** For the benchmark alone. */
class Empty {
    public static void main(String... args) { }
}
