import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { completionScript, SHELLS } from '../../../cli/completion/scripts.ts'
import { ran } from './terminal.ts'

async function completed(...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await ran(['complete', '--', ...words])
  assert.equal(status, 0, stderr)
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split('\t')[0] ?? '')
}

describe('what can stand at the end of a command line', () => {
  const cases: [words: string[], expected: string[]][] = [
    [['sta'], ['stats', 'state', 'stacks']],
    [['state', 'ex'], ['export']],
    [
      ['state', 'e'],
      ['export', 'erase'],
    ],
    [['--stack', 'lab', 'dlq', 'l'], ['list']],
    [
      ['dlq', 'list', '--co'],
      ['--code', '--consumer', '--count'],
    ],
    [
      ['dlq', 'list', '--code', 'schema'],
      ['schema-violated', 'schema-unknown'],
    ],
    [
      ['import', '--family=d'],
      ['--family=database', '--family=device'],
    ],
    // bash parts a word at "=".
    [
      ['import', '--family', '=', 'd'],
      ['database', 'device'],
    ],
    [
      ['import', '--family', '='],
      ['environment', 'database', 'device'],
    ],
    [['tail', 'readings', 'al'], ['alerts']],
    [
      ['alerts', 'list', '--state', ''],
      ['firing', 'resolved', 'all'],
    ],
    [['alerts', 'list', '--rule', 'HIGH_T'], ['HIGH_TEMP']],
    [
      ['alerts', 'list', '--until', '1'],
      ['10m', '1h', '1d'],
    ],
    [['state', 'show', 'proc'], ['processor']],
    [['state', 'show', 'processor', ''], []],
    [['logs', 'processor', 'clo'], ['clock']],
    [
      ['topics', 'create', 'orders', '--cleanup-policy', 'compact'],
      ['compact', 'compact,delete'],
    ],
    [['groups', 'lag', 'sluice-proc'], ['sluice-processor-local']],
    [
      ['consume', '--commit', ''],
      ['auto', 'manual'],
    ],
    [['inspect', ''], [':files']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['replay', ''], [':files']],
    [['import', '--output', ''], [':files']],
    [['import', '--skip-invalid', ''], [':files']],
    [['no-such-command', ''], []],
    [['state', 'show', '--', '--js'], []],
  ]
  for (const [words, expected] of cases)
    test(`sluice ${words.join(' ')}▏`, async () => assert.deepEqual(await completed(...words), expected))

  test('names what a command and an option are for', async () => {
    assert.match((await ran(['complete', '--', 'dl'])).stdout, /^dlq\tlist, show and redrive dead letters\n$/)
  })
})

describe('the script of a shell', () => {
  test('of bash completes commands, options and values', () => {
    // A stand-in for the program: it answers with the words that it is asked about.
    const script = completionScript('bash', "/bin/echo it's")
    assert.match(script, /'\/bin\/echo it'\\''s' complete --/)
    const program = `${process.execPath} -p`
    const answering = completionScript('bash', 'PROGRAM').replace("'PROGRAM' complete --", `answer`)
    const run = `
answer() { printf '%s\\tdescription\\n' "$# words" "the last is $3"; }
${answering}
COMP_WORDS=(sluice state show p) COMP_CWORD=3
_sluice
printf '%s|' "\${COMPREPLY[@]}"
complete -p sluice`
    const { stdout, status, stderr } = spawnSync('bash', ['-c', run], { encoding: 'utf8' })
    assert.equal(status, 0, `${program} ${stderr}`)
    assert.equal(stdout, '3 words|the last is p|complete -F _sluice sluice\n')
  })

  test('of bash completes names of files where the program says that they fit', () => {
    const answering = completionScript('bash', 'PROGRAM').replace("'PROGRAM' complete --", 'answer')
    const run = `
answer() { echo ':files'; }
${answering}
COMP_WORDS=(sluice replay package.j) COMP_CWORD=2
_sluice 2>/dev/null
printf '%s|' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', run], { encoding: 'utf8' })
    assert.equal(stdout, 'package.json|', stderr)
  })

  for (const shell of SHELLS)
    test(`of ${shell} asks the program of this project, and for the command sluice`, async () => {
      const { status, stdout } = await ran(['completion', shell])
      assert.equal(status, 0)
      assert.match(stdout, /'\/.*\/bin\/sluice\.mjs' complete -- /)
      assert.match(stdout, /^(complete -F _sluice sluice|.*compdef _sluice sluice.*|complete -c sluice .*)$/m)
    })

  test('no other shell has any', async () => {
    const { status, stderr } = await ran(['completion', 'tcsh'])
    assert.equal(status, 2)
    assert.match(stderr, /It must be one of bash, zsh, fish/)
  })
})
