import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { before, describe, it, type TestContext } from 'node:test'
import { until } from '../../../../../test/support/until.ts'
import { Instance } from '../../../invoke/instance.ts'
import { RuntimeEnded } from '../../../invoke/runtimes/runtime.ts'
import { runtimeOf } from './support.ts'

/** An instance, and why it ended while it was idle. */
function instanceOf(handler: string) {
  const idleEnds: string[] = []
  const instance = new Instance(runtimeOf(handler), error => idleEnds.push(error.message))
  return { instance, idleEnds }
}

/** A file to which a handler writes the ids of its processes. */
async function idFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'python-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'ids')
}

async function idsIn(file: string): Promise<number[]> {
  await until('the handler to write its ids', () => existsSync(file) && readFileSync(file, 'utf8') !== '')
  return readFileSync(file, 'utf8').split(' ').map(Number)
}

/** A process that has ended, but is still listed, has a state of its own. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return false
  }
}

const invocation = (timeoutMs = 20_000, json = '{}') => ({
  event: { json: () => json },
  requestId: randomUUID(),
  timeoutMs,
})

describe('the end of a Python process', () => {
  const ends: [handler: string, message: string][] = [
    ['app.exits', 'the handler ended its process with exit code 3'],
    ['broken/exits.handler', 'the handler ended its process with exit code 5'],
    ['app.is_killed', 'the process of the handler was ended by SIGSEGV'],
  ]
  for (const [handler, message] of ends) {
    it(`given ${handler}, then it fails with: ${message}`, async () => {
      const { instance, idleEnds } = instanceOf(handler)
      await assert.rejects(instance.invoke(invocation()).answer, (error: unknown) => {
        assert.ok(error instanceof RuntimeEnded)
        assert.equal(error.message, message)
        return true
      })
      assert.equal(instance.isBroken, true)
      assert.deepEqual(idleEnds, [])
    })
  }

  it('given that it ends after its answer, then the answer counts, and the end is reported', async () => {
    const { instance, idleEnds } = instanceOf('app.answers_and_exits')
    assert.equal(await instance.invoke(invocation()).answer, 'answered')
    await until('the report of the end', () => idleEnds.length > 0)
    assert.deepEqual(idleEnds, ['the handler ended its process with exit code 7'])
  })

  const FORGERIES = [
    'writes_to_the_channel',
    'writes_null_to_the_channel',
    'prints_to_the_channel',
    'answers_without_id',
    'says_it_is_loaded',
  ]
  for (const name of FORGERIES) {
    it(`given app.${name}, then the invocation fails, and the process is ended`, async () => {
      const { instance, idleEnds } = instanceOf(`app.${name}`)
      await assert.rejects(instance.invoke(invocation()).answer, (error: unknown) => {
        assert.ok(error instanceof RuntimeEnded)
        assert.match(error.message, /^other code has written to file descriptor 3/)
        return true
      })
      assert.equal(instance.isBroken, true)
      assert.deepEqual(idleEnds, [])
    })
  }

  it('given a second answer, then it is not that of the next invocation, and the process is ended', async () => {
    const { instance, idleEnds } = instanceOf('app.answers_twice')
    assert.equal(await instance.invoke(invocation()).answer, 1)
    await until('the report of the end', () => idleEnds.length > 0)
    assert.match(String(idleEnds[0]), /^other code has written to file descriptor 3/)
  })

  it('given an answer to an earlier request, as of a fork, then it is not taken for that of this one', async () => {
    const { instance } = instanceOf('app.answers_an_earlier_request')
    assert.equal(await instance.invoke(invocation()).answer, 'own')
    await assert.rejects(instance.invoke(invocation()).answer, /other code has written to file descriptor 3/)
    assert.equal(instance.isBroken, true)
  })

  it('given that it has ended, then its id is not killed again, as it may be that of another process', async t => {
    const { instance } = instanceOf('app.exits')
    await assert.rejects(instance.invoke(invocation()).answer, /exit code 3/)
    const kill = t.mock.method(process, 'kill')
    await instance.close()
    assert.equal(kill.mock.callCount(), 0)
  })

  it('given a group that may not be killed, then the end is still reported', async t => {
    const { instance } = instanceOf('app.exits')
    t.mock.method(process, 'kill', () => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
    })
    await assert.rejects(
      instance.invoke(invocation()).answer,
      /^RuntimeEnded: the handler ended its process with exit code 3$/,
    )
  })

  it('given a timeout, then the handler and the processes that it started end with it', async t => {
    const file = await idFile(t)
    const { instance, idleEnds } = instanceOf('app.starts_and_sleeps')
    const invoked = instance.invoke(invocation(1_000, JSON.stringify({ file }))).answer
    await assert.rejects(invoked, /timeout: the handler took longer than 1000 ms/)
    const ids = await idsIn(file)
    assert.equal(ids.length, 2)
    await until('both to end', () => !ids.some(isRunning))
    assert.deepEqual(idleEnds, [])
  })

  it('given that this process is killed, then the handler ends with it, even if it computes', async t => {
    const file = await idFile(t)
    const script = `
      import { runtimeOf } from ${JSON.stringify(new URL('./support.ts', import.meta.url).href)}
      const event = { json: () => ${JSON.stringify(JSON.stringify({ file }))} }
      await runtimeOf('app.spins').invoke({ event, requestId: 'r', timeoutMs: Infinity })`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const ended = once(parent, 'exit')
    const [id] = (await idsIn(file)) as [number]
    assert.equal(isRunning(id), true)
    parent.kill('SIGKILL')
    await ended
    await until('it to end', () => !isRunning(id))
  })

  it('given a close while it loads, then no process is left', async () => {
    const runtime = runtimeOf('app.echo')
    const invoked = runtime.invoke({ event: { json: () => '{}' }, requestId: 'r', timeoutMs: Infinity })
    invoked.catch(() => {})
    await runtime.close()
    assert.match((await runtime.ended).message, /stopped/)
  })
})

describe('what a Python handler prints', () => {
  let output = ''
  before(async () => {
    const script = `
      import { invoke } from ${JSON.stringify(new URL('./support.ts', import.meta.url).href)}
      console.log(JSON.stringify(await invoke('app.prints')))
      await invoke('app.raises_its_own').catch(() => {})
      process.exit()`
    const program = spawn(process.execPath, ['--input-type=module', '-e', script])
    for (const stream of [program.stdout, program.stderr]) stream.on('data', text => (output += text))
    await once(program, 'close')
  })

  it('is shown as printed, also through logging and from commands, and does not count as an answer', () => {
    const lines = [
      '{"__offline_payload__": "printed"}',
      'from the handler',
      'to the error stream',
      'from a command',
    ]
    for (const line of [...lines, '"answered"'])
      assert.ok(output.split('\n').includes(line), `${line}\n${output}`)
    assert.match(output, /^\[INFO\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\tid-1\tthrough logging$/m)
  })

  it('is followed by the exception that ended it, with its cause', () => {
    assert.match(
      output,
      /\[ERROR\] OrderError: no amount\nTraceback[\s\S]*KeyError: 'amount'\n\nThe above exception/,
    )
    assert.doesNotMatch(output, /python-runner/)
  })
})
