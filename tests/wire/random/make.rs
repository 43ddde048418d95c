//! Scripts by chance: batches such as drivers send, and such as none should.

use crate::random::script::Dice;
use crate::random::script::Step;
use crate::random::texts;

/// Steps of one script at the most, or few more.
const STEPS_COUNT_MAX: usize = 40;

const STATEMENTS: &[&str] = &["", "", "", "s1", "s2", "s3"];
const PORTALS: &[&str] = &["", "", "", "", "p1", "p2"];
const ROWS_MAX: &[u32] = &[0, 0, 0, 0, 1, 2, 100];
const VALUES: &[&[&str]] = &[&[], &[], &["3"], &["5"], &["x"], &["1", "2"]];

/// Makes the script of a seed.
pub(crate) fn script(seed: u64) -> Vec<Step> {
    let mut maker = Maker {
        dice: Dice::new(seed),
        steps: Vec::new(),
    };
    let steps_max = 1 + maker.dice.below(STEPS_COUNT_MAX);
    while maker.steps.len() < steps_max {
        maker.batch();
        if maker.dice.percent(70) {
            maker.steps.push(Step::Wait);
        }
        if maker.dice.percent(25) {
            let which = maker.dice.below(texts::OTHERS.len());
            maker.steps.push(Step::Other(which));
        }
    }
    maker.steps
}

struct Maker {
    dice: Dice,
    steps: Vec<Step>,
}

impl Maker {
    fn batch(&mut self) {
        match self.dice.below(100) {
            0..45 => self.simple(),
            45..85 => self.pipeline(),
            85..90 => self.copy_simple(),
            90..95 => self.copy_extended(),
            95..97 => self.transaction(),
            97 => self.steps.push(Step::Call),
            98 => {
                let sql = *self.dice.pick(texts::ALONE);
                self.steps.push(Step::Query(sql.to_owned()));
            }
            _ => self.stray(),
        }
    }

    fn sql(&mut self) -> String {
        let kind = match self.dice.below(100) {
            0..35 => texts::READS,
            35..50 => texts::WRITES,
            50..70 => texts::TRANSACTIONS,
            70..85 => texts::SETTINGS,
            85..93 => texts::CURSORS,
            93..97 => texts::PREPARES,
            _ => texts::SESSION,
        };
        (*self.dice.pick(kind)).to_owned()
    }

    fn simple(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let mut sql = self.sql();
            while self.dice.percent(20) {
                sql = format!("{sql};{}", self.sql());
            }
            self.steps.push(Step::Query(sql));
            if self.dice.percent(60) {
                self.steps.push(Step::Wait);
            }
        }
    }

    /// What a driver does: a transaction of plain statements.
    fn transaction(&mut self) {
        if self.dice.percent(50) {
            return self.read_only();
        }
        self.steps.push(Step::Query("begin".to_owned()));
        for _ in 0..self.dice.below(4) {
            self.batch();
        }
        let end = *self.dice.pick(&["commit", "rollback"]);
        self.steps.push(Step::Query(end.to_owned()));
    }

    fn read_only(&mut self) {
        let begin = *self.dice.pick(texts::READ_ONLY);
        if self.dice.percent(50) {
            let parts = begin.split("; ").map(|sql| Step::Query(sql.to_owned()));
            self.steps.extend(parts);
        } else {
            self.steps.push(Step::Query(begin.to_owned()));
        }
        for _ in 0..self.dice.below(6) {
            let sql = (*self.dice.pick(texts::READS)).to_owned();
            match self.dice.below(4) {
                0 => self.steps.push(Step::Wait),
                1 => self.steps.extend([
                    Step::Parse("", sql),
                    Step::Bind("", "", Vec::new()),
                    Step::Execute("", 0),
                    Step::Sync,
                ]),
                _ => self.steps.push(Step::Query(sql)),
            }
        }
        self.steps.push(Step::Query("commit".to_owned()));
    }

    fn pipeline(&mut self) {
        for _ in 0..1 + self.dice.below(4) {
            if self.dice.percent(60) {
                self.whole();
            } else {
                self.part();
            }
            if self.dice.percent(7) {
                self.steps.push(Step::Flush);
                self.steps.push(Step::Wait);
            }
        }
        match self.dice.below(100) {
            0..85 => self.steps.push(Step::Sync),
            85..92 => self.steps.extend([Step::Flush, Step::Wait, Step::Sync]),
            92..95 => self.steps.extend([Step::Sync, Step::Sync]),
            _ => (),
        }
    }

    /// What a batch may go on after: not what takes the statements that the rest of it names.
    fn sql_within(&mut self) -> String {
        loop {
            let sql = self.sql();
            if !texts::TAKES_STATEMENTS.contains(&sql.as_str()) {
                return sql;
            }
        }
    }

    /// Parse (or not, when it has been), Bind, Describe (or not), Execute.
    fn whole(&mut self) {
        let name = *self.dice.pick(STATEMENTS);
        let portal = *self.dice.pick(PORTALS);
        let parses = name.is_empty() || self.dice.percent(40);
        let mut sql = self.sql_within();
        if self.dice.percent(40) {
            sql = (*self.dice.pick(texts::PARAMETERS)).to_owned();
        }
        let mut values = self.dice.pick(VALUES).to_vec();
        if parses {
            if self.dice.percent(90) {
                values = vec!["3"; usize::from(sql.contains("$1"))];
            }
            self.steps.push(Step::Parse(name, sql));
        }
        if self.dice.percent(20) {
            self.steps.push(Step::DescribeStatement(name));
        }
        self.steps.push(Step::Bind(portal, name, values));
        if self.dice.percent(40) {
            self.steps.push(Step::DescribePortal(portal));
        }
        let rows_max = *self.dice.pick(ROWS_MAX);
        self.steps.push(Step::Execute(portal, rows_max));
        if rows_max != 0 && self.dice.percent(70) {
            self.steps.push(Step::Execute(portal, 0));
        }
    }

    fn part(&mut self) {
        let name = *self.dice.pick(STATEMENTS);
        let portal = *self.dice.pick(PORTALS);
        let sql = self.sql_within();
        let step = match self.dice.below(20) {
            0..5 => Step::Parse(name, sql),
            5..8 => Step::Bind(portal, name, self.dice.pick(VALUES).to_vec()),
            8..11 => Step::DescribeStatement(name),
            11..13 => Step::DescribePortal(portal),
            13..15 => Step::Execute(portal, *self.dice.pick(ROWS_MAX)),
            15..18 => Step::CloseStatement(name),
            18 => Step::ClosePortal(portal),
            _ => Step::Query(sql),
        };
        self.steps.push(step);
    }

    fn data(&mut self) {
        for i in 0..self.dice.below(4) {
            let data = match self.dice.below(12) {
                0 => "1\tagain\n".to_owned(),
                1 => "not a number\tx\n".to_owned(),
                2 => "too few\n".to_owned(),
                3 => format!("{}\t{}\n", 200 + i, "y".repeat(70_000)),
                4 => format!("{}\tcut", 300 + i),
                _ => format!("{}\tcopied\n", 1000 + self.dice.below(1_000_000)),
            };
            self.steps.push(Step::Data(data));
            if self.dice.percent(15) {
                self.steps.push(Step::Wait);
            }
        }
    }

    /// Data that does not fail, with a Sync in it, which is ignored.
    fn good_data(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let data = format!("{}\tcopied\n", 1000 + self.dice.below(1_000_000_000));
            self.steps.push(Step::Data(data));
            if self.dice.percent(50) {
                self.steps.push(Step::Sync);
            }
        }
    }

    fn end_of_data(&mut self) {
        let end = match self.dice.below(100) {
            0..80 => Step::Done,
            _ => Step::Fail,
        };
        self.steps.push(end);
    }

    fn copy_simple(&mut self) {
        let sql = *self.dice.pick(texts::COPIES);
        self.steps.push(Step::Query(sql.to_owned()));
        if self.dice.percent(50) {
            self.steps.push(Step::Wait);
        }
        self.data();
        self.end_of_data();
    }

    fn copy_extended(&mut self) {
        let name = *self.dice.pick(&["", "", "s1"]);
        if self.dice.percent(30) {
            self.whole();
        }
        self.steps.extend([
            Step::Parse(name, "copy w from stdin".to_owned()),
            Step::Bind("", name, Vec::new()),
            Step::Execute("", 0),
        ]);
        match self.dice.below(4) {
            0 => self.steps.push(Step::Sync),
            1 => self.steps.extend([Step::Flush, Step::Wait]),
            2 => self.steps.extend([Step::Sync, Step::Wait]),
            _ => (),
        }
        if self.dice.percent(30) {
            self.good_data();
        } else {
            self.data();
        }
        self.end_of_data();
        if self.dice.percent(20) {
            self.whole();
        }
        self.steps.push(Step::Sync);
    }

    /// What nobody should say here.
    fn stray(&mut self) {
        let step = match self.dice.below(4) {
            0 => Step::Data("1\tstray\n".to_owned()),
            1 => Step::Done,
            2 => Step::Fail,
            _ => Step::Flush,
        };
        self.steps.push(step);
    }
}
