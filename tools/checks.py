"""What the checkers of this folder share: the files of the tree, C without comments and text, the
self-test that shows that a checker can fail, and the last line that ./dev counts.

A checker is a function check(root) that yields (place, message) for each thing that is wrong, and
a list of plants: small trees with one violation each, and what must be said about it. Run without
arguments it checks this repository; with --self-test it checks the plants, and a clean tree beside
them, since a checker that always complains would pass too.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOT_OURS = re.compile(r'(^|/)(build[^/]*|node_modules|artefacts|\.cache|\.git)(/|$)')


def files(root, *endings):
    """Paths relative to root, sorted: what git tracks or would track; in a tree without git, all."""
    try:
        out = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard', '-z'],
                             check=True, capture_output=True).stdout.decode()
        # A tree planted inside another repository is not that repository.
        top = subprocess.run(['git', '-C', root, 'rev-parse', '--show-toplevel'],
                             check=True, capture_output=True, text=True).stdout.strip()
        if os.path.realpath(top) != os.path.realpath(root):
            raise OSError
        found = [f for f in out.split('\0') if f]
    except (OSError, subprocess.CalledProcessError):
        found = [os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs]
    return sorted(f for f in found if not NOT_OURS.search(f) and os.path.isfile(os.path.join(root, f))
                  and (not endings or f.endswith(endings)))


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8', errors='replace') as f:
        return f.read()


TOKEN = re.compile(r'''//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*\'''', re.S)


def code_only(text):
    """C with comments, string and character literals blanked; line and column stay the same."""
    def blank(m):
        kept = m.group()
        if kept[0] in '"\'':
            return kept[0] + ' ' * (len(kept) - 2) + kept[0]
        return re.sub(r'[^\n]', ' ', kept)
    # An #include names its file in quotes that are no string.
    lines = text.split('\n')
    includes = {i: l for i, l in enumerate(lines) if re.match(r'\s*#\s*include', l)}
    out = TOKEN.sub(blank, text).split('\n')
    for i, line in includes.items():
        if out[i].lstrip().startswith('#'):
            out[i] = line
    return '\n'.join(out)


def is_test(path):
    """Tests, their rigs, fuzz targets and benchmarks: they may do what the product must not."""
    return path.startswith(('tests/', 'bench/')) or \
        re.search(r'(_(test|fuzz)\.c|(^|[/_])rig\.[ch])$', path) is not None


def run_plants(check, clean, plants):
    passed = failed = 0

    def judge(name, tree, wanted):
        nonlocal passed, failed
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, 'w', encoding='utf-8') as f:
                    f.write(text)
            said = [f'{place}: {message}' for place, message in check(root)]
        if wanted is None:
            ok = not said
        else:
            ok = any(wanted in line for line in said)
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(f'not ok - {name}: wanted {wanted!r}, said {said}')

    judge('clean tree', clean, None)
    for name, tree, wanted in plants:
        judge(name, {**clean, **tree}, wanted)
    return passed, failed


def main(check, clean, plants):
    name = os.path.basename(sys.argv[0])
    if sys.argv[1:] == ['--self-test']:
        passed, failed = run_plants(check, clean, plants)
        print(f'{name} finds what was planted')
    elif len(sys.argv) == 1:
        said = list(check(ROOT))
        for place, message in said:
            print(f'{place}: {message}')
        passed, failed = int(not said), len(said)
    else:
        print(f'usage: {name} [--self-test]', file=sys.stderr)
        sys.exit(2)
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)
