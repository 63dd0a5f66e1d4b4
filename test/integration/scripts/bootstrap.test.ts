import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { PROJECT } from '../../../scripts/paths.ts'
import { temporaryFolder } from '../localstack/support.ts'

const LOCK = JSON.stringify({
  packages: {
    '': {},
    'node_modules/one': { version: '1.0.0' },
    'node_modules/own': { resolved: 'packages/own', link: true },
    'packages/own': { version: '0.1.0' },
    'node_modules/mac': { version: '1.0.0', optional: true },
    'node_modules/types': { version: '1.0.0', dev: true },
  },
})
const LOCK_OF_TESTS = JSON.stringify({
  packages: { '': {}, 'node_modules/checker': { version: '1.0.0' } },
})
/** Item of the page of commands. In the help, it is complete, and its links are text. */
const OWN_ITEM = '\n- `--own` reads a [file](a.md#b). With `--both`,\n  that of the end.\n'
/** Entries of a workspace: npm records the link and the folder, as in the lock file. */
const INSTALLED = {
  'node_modules/one': { version: '1.0.0' },
  'node_modules/own': { resolved: 'packages/own', link: true },
  'packages/own': { version: '0.1.0' },
}
const WITH_TYPES = JSON.stringify({ packages: { ...INSTALLED, 'node_modules/types': { version: '1.0.0' } } })

/** Replaces npm: does what `npm ci` and `npm install` do to node_modules, and records that it ran. */
const NPM = `#!/bin/sh
echo "\${PWD#$PROJECT} $1 $2" >> "$PROJECT/npm-runs.txt"
if [ $1 = ci ]; then rm -rf node_modules; fi
mkdir -p node_modules/.bin
if [ -n "$NPM_WAITS" ]; then until [ $(wc -l < "$PROJECT/npm-runs.txt") -ge 3 ]; do sleep 0.05; done; fi
if [ -n "$NPM_FAILS" ]; then echo "npm error no network" >&2; exit 1; fi
ln -sf "$NODE" node_modules/.bin/node
case "$PWD $*" in
  */tools*) cp package-lock.json node_modules/.package-lock.json ;;
  *--include=dev*) printf '%s' '${WITH_TYPES}' > node_modules/.package-lock.json ;;
  *) printf '%s' '${JSON.stringify({ packages: INSTALLED })}' > node_modules/.package-lock.json ;;
esac
`

describe('given a fresh clone', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'bin'), { recursive: true })
    for (const file of [
      'scripts/bootstrap.mjs',
      'scripts/hide-secrets.mjs',
      'packages/local-servers/lock-file.mjs',
    ])
      cpSync(join(PROJECT, file), join(folder, file))
    writeFileSync(join(folder, 'package-lock.json'), LOCK)
    mkdirSync(join(folder, 'test', 'tools'), { recursive: true })
    writeFileSync(join(folder, 'test', 'tools', 'package-lock.json'), LOCK_OF_TESTS)
    writeFileSync(join(folder, 'bin', 'npm'), NPM)
    chmodSync(join(folder, 'bin', 'npm'), 0o755)
  })

  // With options of Node, the script needs a process of its own.
  for (const [where, options] of [
    ['in this process', []],
    ['in a process of its own', ['--no-deprecation']],
  ] as const) {
    it(`when a command runs ${where}, then the packages are installed, and all is as if Node had started it`, async () => {
      const file = script(`
        process.emitWarning('hidden', 'ExperimentalWarning')
        process.emitWarning('shown', 'OtherWarning')
        console.log(process.argv.slice(1).join(' '), process.ppid)
        process.exitCode = 7`)
      const run = start({}, ...options, file, 'hello')
      const { code, output } = await collect(run)
      assert.equal(code, 7)
      assert.match(output, /Installing npm packages.*Installed npm packages/s)
      const [, parent] = output.match(`${file} hello (\\d+)`) ?? []
      assert.equal(Number(parent) === run.pid, options.length > 0)
      assert.match(output, /OtherWarning: shown/)
      assert.doesNotMatch(output, /hidden/)
      assert.equal(npmRuns(), 1)
    })
  }

  for (const [args, help] of [
    [['--max-semi-space-size=8', 'localstack/start.ts', '--help'], /^Usage: npm start .*--fresh/s],
    [['cli/sluice.ts'], /^Usage: npx sluice .*\n {2}alerts \(list, .*\n {2}verify: /s],
    [['cli/sluice.ts'], /\n {2}--own reads a file\. With --both, that of the end\.\n/],
    [
      ['cli/sluice.ts', 'rules', 'try', '--help'],
      /^Usage: npx sluice COMMAND\n\n {2}rules \(check, .*, try\): .*\n\n/,
    ],
  ] as const)
    it(`when ${args.join(' ')} asks for help, then it comes at once, without packages`, async () => {
      for (const file of ['docs/commands.md', 'localstack/start.help.txt'])
        cpSync(join(PROJECT, file), join(folder, file))
      appendFileSync(join(folder, 'docs/commands.md'), OWN_ITEM)
      const { code, output } = await bootstrap(...args)
      assert.match(output, help)
      assert.equal(code, 0)
      assert.equal(existsSync(join(folder, 'npm-runs.txt')), false)
    })

  it('when it runs again, then nothing is installed', async () => {
    await bootstrap(script(''))
    const { code, output } = await bootstrap(script(''))
    assert.deepEqual([code, output], [0, ''])
    assert.equal(npmRuns(), 1)
  })

  it('when the lock file has changed, then the packages are installed again', async () => {
    await bootstrap(script(''))
    writeFileSync(join(folder, 'package-lock.json'), LOCK.replace('"1.0.0"', '"2.0.0"'))
    await bootstrap(script(''))
    assert.equal(npmRuns(), 2)
  })

  it('when tests run after a command, then their packages are added at once, and a command finds its own as they were', async () => {
    await bootstrap(script(''))
    writeFileSync(join(folder, 'node_modules', 'kept'), '')
    const test = join('test', 'run.cjs')
    writeFileSync(join(folder, test), '')
    // Each npm waits until the other one has begun.
    for (const file of [test, script(''), test])
      assert.equal((await bootstrapWith({ NPM_WAITS: '1' }, file)).code, 0)
    const [first, ...together] = listRuns()
    assert.deepEqual(
      [first, together.toSorted()],
      [' ci --omit=dev', [' install --no-save', '/test/tools ci --include=dev']],
    )
    assert.ok(existsSync(join(folder, 'node_modules', 'kept')))
  })

  it('when DuckDB is needed first, then it is installed with the others', async () => {
    mkdirSync(join(folder, 'cli'))
    writeFileSync(join(folder, 'cli', 'sluice.ts'), '')
    assert.equal((await bootstrap('cli/sluice.ts', 'sql', 'SELECT 1')).code, 0)
    assert.deepEqual(listRuns(), [' ci --include=dev'])
  })

  it('when DuckDB is needed later, then it says what is installed, for what and how long, before it starts', async () => {
    mkdirSync(join(folder, 'cli'))
    writeFileSync(join(folder, 'cli', 'sluice.ts'), '')
    await bootstrap('cli/sluice.ts', 'stats')
    const { output } = await bootstrap('cli/sluice.ts', 'sql', 'SELECT 1')
    assert.match(output, /^Installing DuckDB, .*`sluice sql`.* minute \(0 s\)\nInstalled DuckDB \(\d+ s\)$/m)
    assert.equal((await bootstrap('cli/sluice.ts', 'sql', 'SELECT 1')).output, '')
  })

  it('when two commands start at once, then one installs and the other waits', async () => {
    const both = await Promise.all([bootstrap(script('')), bootstrap(script(''))])
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    )
    assert.equal(npmRuns(), 1)
  })

  it('when an install was interrupted while it held the lock, then the next one takes the lock over', async () => {
    mkdirSync(join(folder, '.local'))
    writeFileSync(join(folder, '.local', 'npm-install.lock'), '999999 of a process that has ended')
    mkdirSync(join(folder, 'node_modules'))
    assert.equal((await bootstrap(script(''))).code, 0)
    assert.equal(npmRuns(), 1)
    assert.equal(existsSync(join(folder, '.local', 'npm-install.lock')), false)
  })

  it('when the install fails, then what npm said is shown and nothing is started', async () => {
    const { code, output } = await bootstrapWith({ NPM_FAILS: '1' }, script('console.log("script ran")'))
    assert.equal(code, 1)
    assert.match(output, /npm error no network\nnpm ci ended with exit code 1/)
    assert.doesNotMatch(output, /script ran/)
  })

  it('when a script runs, then Node keeps what it compiles, in the project or where the environment says', async () => {
    const shown = script('console.log(process.env.NODE_COMPILE_CACHE)')
    await bootstrap(shown)
    const kept = join(folder, '.local', 'compile-cache')
    assert.equal((await bootstrap(shown)).output, `${kept}\n`)
    const elsewhere = join(folder, 'elsewhere')
    assert.equal((await bootstrapWith({ NODE_COMPILE_CACHE: elsewhere }, shown)).output, `${elsewhere}\n`)
  })

  it('when it gets SIGTERM, then the script shuts down in order first', async () => {
    const marker = join(folder, 'ready')
    const file = script(`
      const { writeFileSync } = require('node:fs')
      const stay = setInterval(() => {}, 1000)
      process.on('SIGTERM', () => { console.log('ended in order'); process.exitCode = 5; clearInterval(stay) })
      writeFileSync(${JSON.stringify(marker)}, '')`)
    const run = start({}, '--no-deprecation', file)
    const result = collect(run)
    await until('the script runs', () => existsSync(marker))
    run.kill('SIGTERM')
    const { code, output } = await result
    assert.equal(code, 5)
    assert.match(output, /ended in order/)
  })

  function script(content: string): string {
    const file = join(folder, 'script.cjs')
    writeFileSync(file, content)
    return file
  }

  function listRuns(): readonly string[] {
    return readFileSync(join(folder, 'npm-runs.txt'), 'utf8').trimEnd().split('\n')
  }

  function npmRuns(): number {
    const runs = listRuns()
    for (const run of runs) assert.equal(run, ' ci --omit=dev')
    return runs.length
  }

  function start(extra: Record<string, string>, ...args: string[]) {
    const { npm_execpath: _, NODE_COMPILE_CACHE: __, ...inherited } = process.env
    const path = `${join(folder, 'bin')}:${process.env.PATH}`
    const env = { ...inherited, ...extra, PATH: path, PROJECT: folder, NODE: process.execPath, CI: 'true' }
    return spawn(process.execPath, [join(folder, 'scripts', 'bootstrap.mjs'), ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  const bootstrap = (...args: string[]) => collect(start({}, ...args))
  const bootstrapWith = (extra: Record<string, string>, ...args: string[]) => collect(start(extra, ...args))
})

async function collect(run: ReturnType<typeof spawn>): Promise<{ code: number; output: string }> {
  let output = ''
  const add = (text: Buffer) => {
    output += text
  }
  run.stdout?.on('data', add)
  run.stderr?.on('data', add)
  const [code] = await once(run, 'close')
  return { code, output }
}
