//! The messages of the account.

use std::collections::HashSet;

use super::message::{Message, Status};
use crate::clock;

/// Messages, and the numbers that opted out or were told to wait.
#[derive(Default)]
pub(crate) struct Switchboard {
    messages: Vec<Message>,
    opted_out: HashSet<String>,
    asked_to_wait: HashSet<String>,
}

impl Switchboard {
    pub(super) fn add(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Newest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().rev()
    }

    pub(super) fn find(&self, sid: &str) -> Option<&Message> {
        self.messages
            .iter()
            .rev()
            .find(|message| message.sid == sid)
    }

    pub(super) fn advance(&mut self, sid: &str, status: Status, error_code: Option<u32>) {
        if let Some(message) = self
            .messages
            .iter_mut()
            .rev()
            .find(|message| message.sid == sid)
        {
            message.status = status;
            message.error_code = error_code;
            message.updated_at = clock::now();
        }
    }

    pub(super) fn opt_out(&mut self, number: &str) {
        self.opted_out.insert(number.to_owned());
    }

    pub(super) fn opt_in(&mut self, number: &str) {
        self.opted_out.remove(number);
    }

    pub(super) fn has_opted_out(&self, number: &str) -> bool {
        self.opted_out.contains(number)
    }

    /// True the first time for a number that ends in 0429.
    pub(super) fn must_wait(&mut self, number: &str) -> bool {
        number.ends_with("0429") && self.asked_to_wait.insert(number.to_owned())
    }
}
