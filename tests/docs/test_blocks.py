"""Every command and every program in the README and in docs/ does what is said there."""

from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks_of
from tests.docs.documents import DOCUMENTS, RULES, SERVERS
from tests.docs.machine import ROOT
from tests.docs.reader import reading
from tests.docs.rules import Rule, Save
from tests.docs.running import NotAsWritten

BLOCKS = {name: list(blocks_of(name, (ROOT / name).read_text(encoding="utf-8"))) for name in DOCUMENTS}


def rule_of(block: Block) -> Rule:
    rules = RULES.get(block.document, [])
    rule = next((rule for rule in rules if rule.has in block.text), None)
    if rule is None:
        pytest.fail(
            f"{block}: no rule in tests/docs/documents.py says how to run\n{block.text}", pytrace=False
        )
    return rule


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_has_a_rule_and_every_rule_a_block(document: str) -> None:
    used = [rule_of(block) for block in BLOCKS[document]]
    assert [rule for rule in RULES.get(document, []) if rule not in used] == []


def test_every_rule_is_for_a_document() -> None:
    assert RULES.keys() | SERVERS.keys() <= set(DOCUMENTS)


@pytest.mark.parametrize("document", [name for name, blocks in BLOCKS.items() if blocks])
async def test_a_reader_gets_through(document: str, tmp_path: Path) -> None:
    # Given a reader with a machine, and the files that the document shows
    steps = [(block, rule_of(block)) for block in BLOCKS[document]]
    async with reading(tmp_path) as reader:
        if document in SERVERS:
            await reader.serve(SERVERS[document])
        files = [(block, rule) for block, rule in steps if isinstance(rule, Save)]
        # When the reader does what each block says, then it goes as the document says
        for block, rule in (*files, *steps):
            try:
                await rule.follow(block, reader)
            except NotAsWritten as problem:
                pytest.fail(f"{block}: {problem}", pytrace=False)
