/** Every program that reads a file or standard input uses the one reader of texts, or is excused with a reason. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

/** Calls that bring a text from outside, and signs of a reader of its own. */
const READS =
  /\b(readFile|readFileSync|createReadStream|openAsBlob|createInterface)\(|\bstdin\b(?!:)|\bisUtf8\(|\\uFEFF|\\xef\\xbb\\xbf|new TextDecoder\(|'node:stream\/consumers'/i
/** Signs of a reader of its own, also beside the one reader. */
const DECODES = /'utf-?8'|\bisUtf8\(|\\uFEFF|\\xef\\xbb\\xbf|new TextDecoder\(/i
const READER = /from '[^']*\/(text-reader|config-file|recording-file|input)\.ts'/

const GENERATED = 'it reads what this project has written'
const FOREIGN = 'bytes of records, which keep their form'
const EXCUSED: Readonly<Record<string, string>> = {
  'lib/support/text-reader.ts': 'the reader',
  'control/recordings/replay/recording-file.ts': 'it opens a file, and hands its bytes to the reader',
  'lib/mapping/map-document.ts': FOREIGN,
  'lib/app/connections/storage.ts': 'certificates and keys, which `readPem` reads for every connection',
  'control/queries/records/bytes-view.ts': FOREIGN,
  'control/queries/records/record-filter.ts': FOREIGN,
  'control/queries/records/recorded-line.ts': FOREIGN,
  'control/queries/saved-files.ts': GENERATED,
  'lib/views/language/parser.ts': 'its own grammar',
  'cli/program.ts': 'its own package.json',
  'cli/commands-page.ts': GENERATED,
  'cli/sluice.ts': 'it hands standard input on',
  'cli/operations.ts': 'an answer on a terminal',
  'localstack/command-options.ts': 'its own help',
  'localstack/own-stack.ts': GENERATED,
  'localstack/local-topics.ts': GENERATED,
  'localstack/reload/built-functions.ts': GENERATED,
  'localstack/reload/reloader.ts': 'it compares bytes',
  'localstack/start/console.ts': GENERATED,
  'cli/console/serve-console.ts': GENERATED,
  'scripts/bootstrap.mjs': 'its own files, before anything is installed',
  'scripts/generate/compile-schemas.ts': GENERATED,
  'scripts/generate/data-types.ts': GENERATED,
  'scripts/generate/json-schemas.ts': GENERATED,
  'scripts/generate/rule-kinds.ts': GENERATED,
  'scripts/generate/view-plan.ts': GENERATED,
  'scripts/running-stacks.ts': GENERATED,
  'infra/checks/event-schemas.ts': GENERATED,
  'infra/packaging/bundle-builder.ts': 'it compares bytes',
  'infra/packaging/bundle-plugins/trim-clients.ts': 'sources of packages',
  'infra/pages/configuration-page.ts': GENERATED,
  'infra/plugins/checks-plugin.ts': GENERATED,
  'infra/stack/stack-template.ts': 'its own parts',
}

/** Returns the files that read texts, and those of them that use the one reader. */
function findReaders(sources: Readonly<Record<string, string>>) {
  const reading = Object.entries(sources).filter(([, source]) => READS.test(withoutComments(source)))
  const [ofReader, others] = [true, false].map(isUsed =>
    reading
      .filter(([, source]) => (READER.test(source) && !DECODES.test(source)) === isUsed)
      .map(([file]) => file),
  )
  return { ofReader: ofReader ?? [], others: others ?? [] }
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

describe('readers of texts', () => {
  const files = globSync('{lib,control,cli,console,localstack,scripts,functions,infra}/**/*.{ts,tsx,mjs}', {
    cwd: PROJECT,
  })
  const sources = Object.fromEntries(files.map(file => [file, readFileSync(join(PROJECT, file), 'utf8')]))
  const { ofReader, others } = findReaders(sources)

  it('some are found', () => {
    assert.ok(files.length > 500)
    assert.ok(ofReader.length > 8, ofReader.join(' '))
  })

  it('each uses the one reader, or is excused, and no excuse is stale', () => {
    assert.deepEqual(others.toSorted(), Object.keys(EXCUSED).toSorted())
  })

  it('one of its own is found, and one in a comment is not', () => {
    const own = [
      "await readFile(path, 'utf8')",
      "readFileSync(path, 'utf8')",
      'buffer(terminal.stdin)',
      'text.replace(/^\\uFEFF/, "")',
    ]
    for (const source of own) assert.deepEqual(findReaders({ a: source }).others, ['a'], source)
    for (const source of own.slice(0, 2))
      assert.deepEqual(findReaders({ a: `import { readText } from './text-reader.ts'\n${source}` }).others, [
        'a',
      ])
    const using = `import { readText } from './text-reader.ts'\nreadText(await readFile(path))`
    assert.deepEqual(findReaders({ a: using, b: `/** Calls readFile(). */\n// ${own[0]}` }), {
      ofReader: ['a'],
      others: [],
    })
  })
})
