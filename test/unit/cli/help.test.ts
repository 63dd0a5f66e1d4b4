import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { Command } from 'commander'
import { listSettings, type Setting } from '#runtime/settings'
import { addOptionNames } from '../../../cli/setting-options.ts'
import { resolveCallerFolder } from '../../../cli/terminal.ts'
import { SLICES } from '../../../control/environment/config.ts'
import { LOCAL_PORTS } from '../../../lib/app/settings/index.ts'
import { ran } from './terminal.ts'

const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))

/** Help of every command that the help of another one names, by its words. */
const helps = new Map<string, string>()

async function collect(path: readonly string[] = []): Promise<void> {
  const { stdout } = await ran([...path, '--help'])
  helps.set(path.join(' '), stdout)
  const [, list = ''] = stdout.split('\nCommands:\n')
  const names = [...list.replace(/\n\n.*/s, '').matchAll(/^ {2}([a-z][\w-]*)/gm)]
    .map(([, name]) => name ?? '')
    .filter(name => name !== 'help')
  await Promise.all(names.map(name => collect([...path, name])))
}

await collect()

describe('help', () => {
  test('has each option that a setting declares, with its variable', () => {
    const declared = Object.entries<Setting>(listSettings([...SLICES, LOCAL_PORTS])).filter(
      ([, { option }]) => option,
    )
    assert.ok(declared.length > 10)
    const texts = [...helps.values()].map(text => text.replaceAll(/\s+/g, ' '))
    for (const [variable, { option = '' }] of declared) {
      const name = option.split(' ')[0] as string
      const isTaken = texts.some(text => text.includes(` ${name} `) && text.includes(`(default: ${variable}`))
      assert.ok(isTaken, `no command takes ${name} for ${variable}`)
    }
  })

  test('there are many commands to look at', () => {
    assert.ok(helps.size >= 18, [...helps.keys()].join(', '))
  })

  test('of every command that does something has an example', () => {
    for (const [words, text] of helps)
      if (!text.includes('\nCommands:\n'))
        assert.match(text, new RegExp(`Examples?:\\n {2}(?:.*&& )?sluice ${words}`))
  })
})

test('a command that is not named is not loaded, nor is a client of a server for the help of any', () => {
  const code = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    process.on('exit', () => process.stderr.write(loaded.join('\\n')))`
  const hooks = `data:text/javascript,${encodeURIComponent(code)}`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', hooks, join(PROJECT, 'cli/sluice.ts'), '--help'],
    { encoding: 'utf8' },
  )
  assert.match(stdout, /^Usage: sluice/)
  const loaded = stderr.split('\n').filter(url => url.startsWith('file:'))
  assert.ok(loaded.length > 20 && loaded.length < 80, `${loaded.length} modules`)
  assert.deepEqual(
    loaded.filter(url => /kafkajs|ioredis|@aws-sdk|\/cli\/(\w+)\/\1\.ts/.test(url)),
    [],
  )
})

test('the words of a command are its path', () => {
  const index = readFileSync(join(PROJECT, 'cli/commands.ts'), 'utf8')
  const places = [...index.matchAll(/import\('\.\/([\w/-]+)\.ts'\)/g)].map(([, place = '']) =>
    place.replace(/^(\w+)\/\1$/, '$1'),
  )
  const words = [...helps.keys()].map(words => words.replaceAll(' ', '/'))
  // Those of questions and operations follow from their words.
  const own = places.filter(place => place !== 'questions' && place !== 'operations')
  assert.ok(own.length > 15)
  assert.deepEqual(
    own.filter(place => !words.includes(place)),
    [],
  )
})

test('without a command, usage is printed, with exit status 2', async () => {
  for (const args of [[], ['alerts']]) {
    const { status, stderr, stdout } = await ran(args)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^Usage: sluice/)
  }
})

test('file names start where the user is: where npm was called, if npm runs the command', () => {
  assert.equal(resolveCallerFolder({ INIT_CWD: '/here', npm_lifecycle_event: 'sluice' }, '/project'), '/here')
  assert.equal(
    resolveCallerFolder({ INIT_CWD: '/here', npm_lifecycle_event: 'test' }, '/project'),
    '/project',
  )
  assert.equal(resolveCallerFolder({}, '/project'), '/project')
})

test('a message that names variables gets the options of a command, and no others', () => {
  const command = new Command().option('--auth <how>')
  for (const message of [
    'KAFKA_PASSWORD: must be set',
    'see KAFKA_AUTH (--auth)',
    'MY_KAFKA_AUTH and KAFKA_AUTHORITY',
  ])
    assert.equal(addOptionNames(message, command), message)
  assert.equal(addOptionNames('KAFKA_AUTH: x', undefined), 'KAFKA_AUTH: x')
})

test('--version prints the version of the package', async () => {
  assert.deepEqual(await ran(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
})

test('the program of the package runs from any folder, on the Node that starts it', () => {
  const { bin } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  const program = join(PROJECT, bin.sluice)
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { cwd: tmpdir(), encoding: 'utf8' })
  assert.deepEqual([status, stdout], [0, `${version}\n`], stderr)
})
