/** Commands with everything that they print: a transcript for each subject in test/goldens, with the files in test/goldens/files. */

import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { GOLDENS, golden } from '../../support/golden.ts'
import { SHIPPED_CONFIG } from '../../support/shipped-config.ts'
import { ran } from './terminal.ts'

const all = mkdtempSync(join(tmpdir(), 'sluice-transcripts-'))
after(() => rmSync(all, { recursive: true }))

/** Runs one line, such as `KAFKA_PORT=1 sluice replay - < timed.jsonl`. Lines of standard error begin with an exclamation mark. */
async function shown(line: string, folder: string): Promise<string> {
  const [command = '', input] = line.split(' < ')
  const words = (command.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map(word => word.replaceAll("'", ''))
  const program = words.indexOf('sluice')
  const config = join(folder, 'config')
  const environment = {
    MAPPINGS_DIR: join(config, 'mappings'),
    ...Object.fromEntries(words.slice(0, program).map(word => word.split(/=(.*)/, 2))),
  }
  const stdin = input === undefined ? '' : readFileSync(join(folder, input), 'utf8')
  const { status, stdout, stderr } = await ran(words.slice(program + 1), { folder, environment, stdin })
  assert.doesNotMatch(stdout + stderr, /geheim/, 'the password of all examples')
  const errors = stderr.replace(/^(?=.)/gm, '! ')
  return `$ ${line}\n${stdout}${errors}${status === 0 ? '' : `[${status}]\n`}`
    .replaceAll(config, 'config')
    .replaceAll(folder, '/folder')
}

describe('transcripts', () => {
  const names = globSync('sluice-*.txt', { cwd: GOLDENS }).map(file => file.replace('.txt', ''))

  it('there are transcripts to look at', () => assert.ok(names.length > 5))

  // Promise docs/notifications.md#receivers | Every error in the file of receivers is named with line, receiver and key.
  // Promise docs/troubleshooting.md#a-server-does-not-answer | Where no server listens, the message says where, and what to do.
  // Promise docs/troubleshooting.md#import-errors | A broken line is named by its number.
  // Promise config/views/README.md#applying
  for (const name of names.toSorted())
    it(`given ${name}, when it runs, then it prints what its transcript says`, async () => {
      const folder = join(all, name)
      cpSync(join(GOLDENS, 'files'), folder, { recursive: true })
      cpSync(SHIPPED_CONFIG, join(folder, 'config'), { recursive: true })
      symlinkSync(join(PROJECT, 'events'), join(folder, 'events'))
      const lines = readFileSync(join(GOLDENS, `${name}.txt`), 'utf8').split('\n')
      const commands = lines.filter(line => line.startsWith('$ ')).map(line => line.slice(2))
      assert.ok(commands.length > 0)
      let text = ''
      for (const command of commands) text += await shown(command, folder)
      golden(name, text)
    })
})
