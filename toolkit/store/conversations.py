"""What personas were asked after a run, and what they answered: kept under the id of the run, saved or not."""

from __future__ import annotations

from toolkit.models import Record
from toolkit.store.database import Database


class Turn(Record):
    """One question to a persona and its answer."""

    question: str
    answer: str
    model: str
    asked: str
    """When, in ISO 8601, UTC."""


class Answered(Record):
    """What one persona answered to a question put to the whole audience."""

    persona: str
    status: str
    """ok, refused or failed."""
    answer: str | None
    error: str | None = None


class Conversations(Database):
    """Talks with single personas, and questions put to everybody.

    They lie in the store and not in the run folder, because a run folder is never written to again, a run that nobody
    saved can be talked about too, and the same run tested again keeps its id.
    """

    schema = """
    CREATE TABLE IF NOT EXISTS turns (
        run TEXT NOT NULL, persona TEXT NOT NULL, draft TEXT NOT NULL, place INTEGER NOT NULL,
        question TEXT NOT NULL, answer TEXT NOT NULL, model TEXT NOT NULL, asked TEXT NOT NULL,
        PRIMARY KEY (run, persona, draft, place)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS follow_ups (
        run TEXT NOT NULL, draft TEXT NOT NULL, question TEXT NOT NULL, persona TEXT NOT NULL,
        status TEXT NOT NULL, answer TEXT, error TEXT, asked TEXT NOT NULL, place INTEGER NOT NULL,
        PRIMARY KEY (run, draft, question, persona)
    ) WITHOUT ROWID;
    """

    def keep_turn(self, run: str, persona: str, draft: str, turn: Turn) -> None:
        """Add one turn at the end of a conversation."""
        self._insert(
            "INSERT INTO turns SELECT ?, ?, ?, coalesce(max(place) + 1, 0), ?, ?, ?, ? FROM turns "
            "WHERE run = ? AND persona = ? AND draft = ?",
            (run, persona, draft, turn.question, turn.answer, turn.model, turn.asked, run, persona, draft),
        )

    def list_turns(self, run: str, persona: str, draft: str) -> list[Turn]:
        """Return a conversation, in order."""
        query = (
            "SELECT question, answer, model, asked FROM turns "
            "WHERE run = ? AND persona = ? AND draft = ? ORDER BY place"
        )
        rows = self._select_all(query, run, persona, draft)
        return [Turn(**row) for row in rows]

    def list_talks(self, run: str) -> list[tuple[str, str, int]]:
        """Return persona, draft and number of turns of every conversation about a run."""
        query = (
            "SELECT persona, draft, count(*) AS turns FROM turns "
            "WHERE run = ? GROUP BY persona, draft ORDER BY persona, draft"
        )
        return [(row["persona"], row["draft"], row["turns"]) for row in self._select_all(query, run)]

    def keep_answers(self, run: str, draft: str, question: str, answers: list[Answered], asked: str) -> None:
        """Keep what everybody answered; the same question asked again replaces what was not answered before."""
        for place, one in enumerate(answers):
            self._insert(
                "INSERT INTO follow_ups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "status = excluded.status, answer = excluded.answer, error = excluded.error, asked = excluded.asked "
                "WHERE follow_ups.status <> 'ok'",
                (run, draft, question, one.persona, one.status, one.answer, one.error, asked, place),
            )

    def list_questions(self, run: str) -> list[tuple[str, str]]:
        """Return draft and question of everything that the whole audience was asked about a run, newest first."""
        query = "SELECT draft, question FROM follow_ups WHERE run = ? GROUP BY draft, question ORDER BY min(asked) DESC"
        return [(row["draft"], row["question"]) for row in self._select_all(query, run)]

    def list_answers(self, run: str, draft: str, question: str) -> list[Answered]:
        """Return the answers to one question, in asking order."""
        query = (
            "SELECT persona, status, answer, error FROM follow_ups "
            "WHERE run = ? AND draft = ? AND question = ? ORDER BY place"
        )
        rows = self._select_all(query, run, draft, question)
        return [Answered(**row) for row in rows]
