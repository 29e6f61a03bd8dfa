//! What reached people: e-mail taken by SMTP, SMS taken by Twilio. `/` shows it,
//! `GET /inbox/messages?to=` gives it as JSON (newest first), `DELETE /inbox/messages` clears it,
//! `GET /inbox/events` streams news of it.

mod http;
mod message;

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::broadcast;

pub(crate) use http::routes;
pub(crate) use message::Message;

use crate::world::locked;

/// More than a load test sends; older messages are forgotten.
const CAPACITY: usize = 50_000;

/// What changed, told to open pages.
#[derive(Debug, Clone)]
enum News {
    Came(u64),
    Cleared,
}

/// Every message that arrived, oldest first.
pub(crate) struct Inbox {
    messages: Mutex<(u64, VecDeque<Message>)>,
    news: broadcast::Sender<News>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            messages: Mutex::default(),
            news: broadcast::Sender::new(256),
        }
    }
}

impl Inbox {
    /// Puts a message in.
    pub(crate) fn receive(&self, mut message: Message) {
        let id = {
            let mut messages = locked(&self.messages);
            messages.0 += 1;
            message.id = messages.0;
            if messages.1.len() == CAPACITY {
                messages.1.pop_front();
            }
            messages.1.push_back(message);
            messages.0
        };
        // Nobody listening is no error.
        let _ = self.news.send(News::Came(id));
    }

    /// Newest first; those to one recipient if one is named.
    fn messages(&self, to: Option<&str>, limit: usize) -> Vec<Message> {
        locked(&self.messages)
            .1
            .iter()
            .rev()
            .filter(|message| to.is_none_or(|to| message.to.eq_ignore_ascii_case(to)))
            .take(limit)
            .cloned()
            .collect()
    }

    fn clear(&self) {
        locked(&self.messages).1.clear();
        let _ = self.news.send(News::Cleared);
    }
}
