//! What the tests of several folders share: the way golden scripts are run, bytes out of their text, and how to wait.
//!
//! Golden scripts are the text files of goldenscript: commands, and what came of them. `UPDATE_GOLDENFILES=1` writes
//! them anew, to be reviewed in the diff.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use goldenscript::{ArgumentConsumer, Runner};

/// Waits until `condition` holds; panics when it never does.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("waited in vain");
}

/// What a command of a script comes to.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// A test for each of the scripts in a folder below `src`, by the file's name:
/// `scripts!("raft/scripts", Node::default(); observer strangers);`
macro_rules! scripts {
    ($folder:literal, $runner:expr; $($name:ident)*) => {
        $(#[test]
        fn $name() {
            $crate::testing::run_script(&mut $runner, concat!($folder, "/", stringify!($name)));
        })*
    };
}
pub(crate) use scripts;

/// Runs one script, by its path below `src`.
pub(crate) fn run_script(runner: &mut impl Runner, path: &str) {
    let path = format!("{}/src/{path}", env!("CARGO_MANIFEST_DIR"));
    goldenscript::run(runner, path).expect("a script that can be read");
}

/// The next argument without a name.
pub(crate) fn word(args: &mut ArgumentConsumer<'_>) -> Outcome<String> {
    Ok(args.next_pos().ok_or("something is missing")?.value.clone())
}

/// The argument of this name.
pub(crate) fn named(args: &mut ArgumentConsumer<'_>, name: &str) -> Option<String> {
    args.lookup(name).map(|argument| argument.value.clone())
}

/// The number of this name, or what it is when nothing is said.
pub(crate) fn number<T: std::str::FromStr>(
    args: &mut ArgumentConsumer<'_>,
    name: &str,
    default: T,
) -> Outcome<T>
where
    T::Err: Error + 'static,
{
    Ok(args.lookup_parse(name)?.unwrap_or(default))
}

/// `00ff` → two bytes.
pub(crate) fn bytes(hex: &str) -> Bytes {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hex digit") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
