"""The blocks of a document are all found, as Markdown has them."""

import pytest

from tests.docs.blocks import blocks_of

FOUR_BLOCKS = """\
# A document

```sh
make demo
make test
```

1. In a list:

   ~~~python title="send.py"
   if True:
       print("```")
   ~~~

````
```sh
not a block of its own
```
````

```toml
```
Not `code`, nor ```code```.
"""


def test_every_block_has_its_place_language_and_text() -> None:
    blocks = blocks_of("document.md", FOUR_BLOCKS)
    assert [(str(block), block.language, block.text) for block in blocks] == [
        ("document.md:3", "sh", "make demo\nmake test\n"),
        ("document.md:10", "python", 'if True:\n    print("```")\n'),
        ("document.md:15", "", "```sh\nnot a block of its own\n```\n"),
        ("document.md:21", "toml", ""),
    ]


def test_a_block_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"document\.md:1: "):
        list(blocks_of("document.md", "```sh\nmake demo\n"))
