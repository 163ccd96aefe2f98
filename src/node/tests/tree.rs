//! The picture of the tree is the tree.

use super::harness::Node;
use crate::supervision::Status;

fn names(status: &Status, depth: usize, into: &mut Vec<(usize, String)>) {
    into.push((depth, status.name.clone()));
    for child in &status.children {
        names(child, depth + 1, into);
    }
}

/// What `--print-tree` shows is what runs: the same names, in the same order, at the same depth.
#[test]
fn the_picture_is_true() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        let mut running = Vec::new();
        names(&node.tree(), 0, &mut running);
        let picture = super::super::tree::describe(&node.parts.config);
        let drawn: Vec<(usize, String)> = picture
            .lines()
            .map(|line| {
                let name = line.trim_start_matches(['│', '├', '└', '─', ' ']);
                let depth = (line.chars().count() - name.chars().count()) / 3;
                (depth, name.split_whitespace().next().unwrap_or_default().to_owned())
            })
            .filter(|(_, name)| !name.contains('<'))
            .collect();
        assert_eq!(drawn, running);
        node.stop().await;
    });
}
