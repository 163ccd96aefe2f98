fn main() {
    std::process::exit(vltava::cli::dump_log::run(&std::env::args().skip(1).collect::<Vec<_>>()))
}
