//! `--delete` and `--delete-offsets`.

use super::groups::meant;
use super::scope::partitions;
use super::{Failure, column, print_error};
use crate::cli::options::{Exception, Given};
use crate::cli::say;
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::wire::messages::delete_groups::DeleteGroupsRequest;
use crate::wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};

/// `--delete`.
pub(super) async fn delete(cluster: &mut Cluster, given: &Given) -> Result<(), Failure> {
    let (mut deleted, mut failed) = (Vec::new(), String::new());
    for group in meant(cluster, given).await? {
        match delete_one(cluster, &group).await {
            Ok(()) => deleted.push(format!("'{group}'")),
            Err(error) => {
                let why = Exception::from(error).line();
                failed.push_str(&format!("* Group '{group}' could not be deleted due to: {why}\n"));
            }
        }
    }
    let deleted = deleted.join(", ");
    if failed.is_empty() {
        say(&format!("Deletion of requested consumer groups ({deleted}) was successful.\n"));
        return Ok(());
    }
    print_error("Deletion of some consumer groups failed:");
    say(&failed);
    if !deleted.is_empty() {
        say(&format!("\nThese consumer groups were deleted successfully: {deleted}\n"));
    }
    Ok(())
}

async fn delete_one(cluster: &mut Cluster, group: &str) -> Result<(), ClientError> {
    let request =
        DeleteGroupsRequest { groups_names: vec![group.to_owned()], ..Default::default() };
    let answer = cluster.group_coordinator(group).await?.ask(&request).await?;
    let code = answer.results.first().map_or(0, |result| result.error_code);
    ClientError::check(code, None)
}

/// `--delete-offsets`.
pub(super) async fn delete_offsets(cluster: &mut Cluster, given: &Given) -> Result<(), Failure> {
    let group = given.value("group")?.unwrap_or_default().to_owned();
    let mut rows: Vec<(String, String, i16)> = Vec::new();
    let mut topics = Vec::new();
    for (name, partitions) in partitions(cluster, &given.values("topic")).await? {
        let Some(partitions) = partitions else {
            let code = ErrorCode::UnknownTopicOrPartition.code();
            rows.push((name, "-".to_owned(), code));
            continue;
        };
        let partitions = partitions.into_iter().map(|partition_index| {
            OffsetDeleteRequestPartition { partition_index, ..Default::default() }
        });
        let partitions = partitions.collect();
        topics.push(OffsetDeleteRequestTopic { name, partitions, ..Default::default() });
    }
    let request = OffsetDeleteRequest { group_id: group.clone(), topics, ..Default::default() };
    let connection = cluster.group_coordinator(&group).await?;
    let answer = connection.ask(&request).await?;
    let mut failed = false;
    if answer.error_code == 0 {
        for topic in answer.topics {
            for p in topic.partitions {
                failed |= p.error_code != 0;
                rows.push((topic.name.clone(), p.partition_index.to_string(), p.error_code));
            }
        }
    } else {
        // Refused as a whole: no partition has an answer of its own, and each is shown with this one.
        for topic in request.topics {
            for p in topic.partitions {
                let partition = p.partition_index.to_string();
                rows.push((topic.name.clone(), partition, answer.error_code));
            }
        }
    }
    match ErrorCode::from_code(answer.error_code) {
        Some(ErrorCode::None) if failed => {
            print_error("Encountered some partition-level error, see the follow-up details.");
        }
        Some(ErrorCode::None) => {
            say(&format!("Request succeeded for deleting offsets from group {group}.\n"));
        }
        code => print_error(code.unwrap_or(ErrorCode::UnknownServerError).message()),
    }
    let line = |topic: &str, partition: &str, status: &str| {
        column(topic, 15) + &column(partition, 10) + &format!("{status:<15}\n")
    };
    let mut text = "\n".to_owned() + &line("TOPIC", "PARTITION", "STATUS");
    for (topic, partition, code) in rows {
        let status = match ClientError::check(code, None) {
            Ok(()) => "Successful".to_owned(),
            Err(error) => format!("Error: {}", Exception::from(error).line()),
        };
        text.push_str(&line(&topic, &partition, &status));
    }
    say(&text);
    Ok(())
}
