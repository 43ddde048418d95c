//! A pipelined message may name a statement that a batch in front of it gives or takes. Whether it
//! does is known when that batch was answered: should it fail, PostgreSQL skips the rest of it.

use crate::error::Blame;
use crate::error::Error;
use crate::session::Env;
use crate::session::Session;
use crate::session::batch::BatchState;
use crate::wire;
use crate::wire::client;
use crate::wire::client::Target;
use crate::wire::frames::Part;

impl Session {
    /// Whether the message that starts `shown` has to wait for what was sent before its batch.
    pub(super) fn is_in_doubt(&self, shown: &[u8], env: &Env<'_>) -> Result<bool, Error> {
        if !self.expects.has_earlier_names()
            || self.batch == BatchState::Skipping
            || !self.frames.is_at_start()
        {
            return Ok(false);
        }
        let in_doubt = self.is_message_in_doubt(shown, env);
        in_doubt.map_err(|fault| fault.blamed(Blame::Client))
    }

    fn is_message_in_doubt(&self, shown: &[u8], env: &Env<'_>) -> Result<bool, wire::Fault> {
        let Some(piece) = self.frames.clone().next(shown)? else {
            return Ok(false);
        };
        let body = shown.get(5..piece.size).unwrap_or_default();
        Ok(match piece.tag {
            client::QUERY => self.expects.is_unnaming_in_doubt(),
            client::PARSE if piece.part == Part::Whole => {
                let parse = client::Parse::read(body)?;
                self.is_parse_in_doubt(parse.name) || self.is_known_in_doubt(&parse, env)
            }
            client::PARSE => self.is_parse_in_doubt(client::string(body, "Parse")?.0),
            client::BIND => self.is_statement_in_doubt(client::Bind::read(body)?.statement),
            client::DESCRIBE => match client::target(body, "Describe")? {
                (Target::Statement, name) => self.is_statement_in_doubt(name),
                (Target::Portal, _) => false,
            },
            client::CLOSE => match client::target(body, "Close")? {
                (Target::Statement, name) => self.is_parse_in_doubt(name),
                (Target::Portal, _) => false,
            },
            _ => false,
        })
    }

    /// Whether it is not known yet what a name stands for that is to be used.
    pub(super) fn is_statement_in_doubt(&self, name: &[u8]) -> bool {
        if name.is_empty() {
            return self.expects.is_unnamed_in_doubt();
        }
        let is_text_in_doubt = |id| self.expects.is_text_in_doubt(id);
        self.expects.is_name_in_doubt(name)
            || self.find_name(name).is_some_and(|p| is_text_in_doubt(p.id))
    }

    /// Whether it is not known yet what a name stands for that is to be given or taken.
    fn is_parse_in_doubt(&self, name: &[u8]) -> bool {
        if name.is_empty() {
            self.expects.is_unnaming_in_doubt()
        } else {
            self.expects.is_name_in_doubt(name)
        }
    }

    /// Whether it is not known yet if the server has a text that is to be named.
    fn is_known_in_doubt(&self, parse: &client::Parse<'_>, env: &Env<'_>) -> bool {
        let known = || env.texts.find(parse.text, parse.types);
        !parse.name.is_empty() && known().is_some_and(|id| self.expects.is_text_in_doubt(id))
    }
}
