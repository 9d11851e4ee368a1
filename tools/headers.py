"""The public headers as their reader sees them: runs of declarations and the comments they have."""
import re

MARKS = re.compile(r'\b(USHER_API|USHER_MUST_USE)\b\s*')
FUNCTION = re.compile(r'\b(usher_\w+)\s*\([^()]*\)\s*;\s*$', re.S)


class Item:
    """A run of declarations without an empty line between them, and the comment in front."""
    def __init__(self, line):
        self.line, self.comment, self.code = line, '', []

    def functions(self):
        """(name, text of the declaration, comment behind it) of each."""
        for text, behind in self.code:
            m = FUNCTION.search(text)
            if m and not text.startswith('typedef') and 'USHER_API' in text:
                yield m.group(1), text, behind


def plain(comment):
    """The text of a comment: without its frame, indented lines kept as they are."""
    lines = comment.strip()[2:-2].split('\n')
    return '\n'.join([lines[0].strip()] + [re.sub(r'^ \* ?', '', l).rstrip() for l in lines[1:]]).strip()


def declaration(text, at):
    """End of the declaration that begins there: its semicolon, or the end of a macro."""
    if text.startswith('#', at):
        end = at
        while True:
            end = text.index('\n', end)
            if text[end - 1] != '\\':
                return end
            end += 1
    depth = 0
    for m in re.compile(r'/\*.*?\*/|[{}();]', re.S).finditer(text, at):
        depth += {'{': 1, '(': 1, '}': -1, ')': -1}.get(m.group(), 0)
        if m.group() == ';' and depth == 0:
            return m.end()
    return len(text)


def skipped(text):
    """Conditions and guards with what is in them: nobody calls those."""
    text = re.sub(r'#if defined\(__GNUC__\).*?#endif\n', '', text, flags=re.S)
    text = re.sub(r'#ifdef __cplusplus\n.*?#endif\n', '\n', text, flags=re.S)
    return re.sub(r'^#(ifndef|endif|include|undef)\b.*$|^#define USHER_\w+_H$', '', text, flags=re.M)


def read(text):
    """(what the header says of itself, its items)."""
    head = re.match(r'/\*.*?\*/', text, re.S)
    items, current, at = [], None, head.end()
    body = text
    keep = skipped(body[at:])
    at = 0
    while at < len(keep):
        m = re.compile(r'\s*').match(keep, at)
        if m.group().count('\n') > 1:
            current = None
        at = m.end()
        if at >= len(keep):
            break
        if keep.startswith('/*', at):
            end = keep.index('*/', at) + 2
            current = Item(at)
            current.comment = plain(keep[at:end])
            items.append(current)
            at = end
            continue
        end = declaration(keep, at)
        if current is None:
            current = Item(at)
            items.append(current)
        behind = re.compile(r'[ \t]*(/\*.*?\*/)', re.S).match(keep, end)
        current.code.append((keep[at:end], plain(behind.group(1)) if behind else ''))
        at = behind.end() if behind else end
    return plain(head.group()), items
