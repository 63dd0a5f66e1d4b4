import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { until } from '@sluice/test-kit/until'
import type { FunctionFacts } from '../../invoke/function-facts.ts'
import { Instance } from '../../invoke/instance.ts'
import { Invoker } from '../../invoke/invoker.ts'
import { localGaps } from '../../invoke/local-gaps.ts'
import { findInterpreter } from '../../invoke/runtimes/python/interpreter.ts'
import { PythonRuntime } from '../../invoke/runtimes/python/python-runtime.ts'
import { HandlerError } from '../../invoke/runtimes/runtime.ts'
import { createServerless } from './framework.ts'
import type { Result } from './handler-kinds.ts'
import {
  createFacts,
  createInvocation,
  invokeForResult,
  type Scope,
  thrownBy,
  writeFolder,
} from './node-runtime-support.ts'

const error = (text: string): Result => ({ error: text })

/** Body of each handler, and its result. */
const HANDLERS: Readonly<Record<string, readonly [body: string, result: Result]>> = {
  'returns None': ['return None', { ok: null }],
  'only prints, also what looks like an answer': [`print('{"ok": 1}'); print("x", end="")`, { ok: null }],
  'returns a value': [
    'return {"a": [1, "ü", None], 1: Decimal("1.5")}',
    { ok: { a: [1, 'ü', null], 1: 1.5 } },
  ],
  'returns NaN': ['return float("nan")', { ok: 'NaN' }],
  'returns a set': [
    'return {1}',
    error('Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable'),
  ],
  'raises a KeyError': ['raise KeyError("id")', error("KeyError: 'id'")],
  'raises an error with a name of its own': [
    'raise type("NoStock", (Exception,), {})("none left")',
    error('NoStock: none left'),
  ],
  'ends its process': ['sys.exit(3)', error('Runtime.ExitError: Runtime exited with error: exit status 3')],
  'is killed': [
    'os.kill(os.getpid(), 9)',
    error('Runtime.ExitError: Runtime exited with error: signal: SIGKILL'),
  ],
  'reads its standard input': ['return sys.stdin.read()', { ok: '' }],
  'starts processes': ['return multiprocessing.get_context("spawn").Pool(1).map(len, ["ab"])', { ok: [2] }],
}

/** Source of modules that cannot be loaded, and the error. */
const MODULES: Readonly<Record<string, readonly [code: string, error: RegExp]>> = {
  'imports what is missing': [
    'import no_such_module',
    /^Runtime\.ImportModuleError: Unable to import module 'app': No module named 'no_such_module'$/,
  ],
  'is not Python': [
    'def handler(',
    /^Runtime\.UserCodeSyntaxError: Syntax error in module 'app': .*app\.py, line 1/,
  ],
  'has no such function': ['', /^Runtime\.HandlerNotFound: Handler 'handler' missing on module 'app'$/],
  raises: ['{}["TABLE"]', /^KeyError: 'TABLE'$/],
  'ends its process': ['import sys; sys.exit(2)', /^Runtime\.ExitError: .* exit status 2$/],
}

async function python(scope: Scope, code: string, part: Partial<FunctionFacts> = {}): Promise<PythonRuntime> {
  const folder = await writeFolder(scope, { 'app.py': code })
  const facts = createFacts({ runtime: 'python3.13', handler: 'app.handler', folder, ...part })
  const runtime = new PythonRuntime(facts)
  scope.after(() => runtime.close())
  return runtime
}

const define = (body: string) =>
  `import logging, multiprocessing, os, sys, threading, time\nfrom decimal import Decimal\ndef handler(event, context):\n  ${body}`

describe('a handler in Python has the outcome that it has in Lambda', () => {
  const ends: (() => Promise<void>)[] = []
  let runtime: PythonRuntime

  before(async () => {
    const bodies = Object.values(HANDLERS).map(([body], index) => `if event == ${index}: ${body}`)
    runtime = await python({ after: end => ends.push(end) }, define(bodies.join('\n  ')))
  })
  after(async () => {
    for (const end of ends.reverse()) await end()
  })

  for (const [index, [kind, [, expected]]] of Object.entries(HANDLERS).entries())
    it(kind, async () => {
      // The second time, too: also if another process has to be started.
      for (const _ of [1, 2]) assert.deepEqual(await invokeForResult(runtime, index), expected)
    })

  it('given an exception, then its trace names the lines of the service only', async t => {
    const thrown = await thrownBy(await python(t, define('raise ValueError("not yet")')))
    assert.ok(thrown instanceof HandlerError)
    const [message, head, frame, ...lines] = thrown.reported.trace
    assert.deepEqual([message, head], ['ValueError: not yet', 'Traceback (most recent call last):'])
    assert.match(`${frame}`, /app\.py", line 4, in handler$/)
    assert.deepEqual(lines, ['    raise ValueError("not yet")'])
  })
})

describe('a module in Python that cannot be loaded', () => {
  for (const [kind, [code, expected]] of Object.entries(MODULES))
    it(`${kind}: each invocation says so at once`, async t => {
      const runtime = await python(t, code)
      for (const _ of [1, 2]) assert.match((await thrownBy(runtime)).message, expected)
    })

  it('given that it is mended, then the next invocation loads it', async t => {
    const folder = await writeFolder(t, { 'app.py': 'import no_such_module' })
    const runtime = await python(t, '', { folder })
    await thrownBy(runtime)
    await writeFile(join(folder, 'app.py'), define('return "mended"'))
    assert.deepEqual(await invokeForResult(runtime), { ok: 'mended' })
  })
})

describe('the process of a handler in Python', () => {
  it('keeps what the module remembers, and runs in the folder of the service', async t => {
    const code = `import os\nseen = []\ndef handler(event, context):\n  seen.append(event)\n  return [seen, os.listdir(".")[0]]`
    const runtime = await python(t, code)
    await invokeForResult(runtime, 1)
    const { ok } = (await invokeForResult(runtime, { ü: 2 })) as { ok: unknown }
    assert.deepEqual(Object(ok)[0], [1, { ü: 2 }])
    assert.match(`${Object(ok)[1]}`, /app\.py|__pycache__/)
  })

  it('has the context and the variables of the function', async t => {
    const fields = [
      ...[
        'function_name',
        'function_version',
        'invoked_function_arn',
        'memory_limit_in_mb',
        'aws_request_id',
      ],
      ...['log_group_name', 'log_stream_name', 'client_context', 'identity.cognito_identity_id'],
    ]
    const body = `return [${fields.map(name => `context.${name}`)}, context.get_remaining_time_in_millis(), os.environ["TABLE"]]`
    const environment = {
      AWS_LAMBDA_FUNCTION_NAME: 'shop-dev-f',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/shop-dev-f',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      TABLE: 'orders',
    }
    const runtime = await python(t, define(body), { environment })
    const invocation = createInvocation({})
    const values = (await runtime.invoke(invocation)) as unknown[]
    const [remaining, table] = values.splice(-2)
    assert.deepEqual(values, [
      ...['shop-dev-f', '$LATEST', 'arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-f', '512'],
      ...[invocation.requestId, '/aws/lambda/shop-dev-f', 'stream', null, null],
    ])
    assert.ok(Number(remaining) > 50_000 && Number(remaining) <= 60_000)
    assert.equal(table, 'orders')
    const endless = { ...invocation, timeoutMs: Number.POSITIVE_INFINITY }
    assert.equal(((await runtime.invoke(endless)) as unknown[]).at(-2), 6_000)
  })

  it('given that its time is over, then none remains', async t => {
    const runtime = await python(t, define('time.sleep(0.05); return context.get_remaining_time_in_millis()'))
    assert.equal(await runtime.invoke({ ...createInvocation({}), timeoutMs: 1 }), 0)
  })

  it('given that the trigger is killed, then it ends, also within a handler', async t => {
    const folder = await writeFolder(t, {
      'app.py': define('open("pid", "w").write(str(os.getpid())); time.sleep(600)'),
    })
    const killed = runProgram(folder)
    const read = () => readFile(join(folder, 'pid'), 'utf8').catch(() => '')
    await until('the handler runs', async () => (await read()) !== '')
    const pid = Number(await read())
    t.after(() => isRunning(pid) && process.kill(pid))
    killed.child.kill('SIGKILL')
    await assert.rejects(killed)
    await until(`${pid} has ended`, () => !isRunning(pid))
  })

  it('finds modules of layers, after those of the service', async t => {
    const layer = await writeFolder(t, {
      'python/in_layer.py': 'NAME = "layer"',
      'python/app.py': '',
      'python/lib/python3.13/site-packages/in_site.py': 'NAME = "site-packages"',
    })
    const code = 'import in_layer, in_site\ndef handler(event, context): return [in_layer.NAME, in_site.NAME]'
    const runtime = await python(t, code, { layers: [layer] })
    assert.deepEqual(await invokeForResult(runtime), { ok: ['layer', 'site-packages'] })
  })

  it('given that its code takes long to load, then the timeout begins afterwards', async t => {
    const runtime = await python(t, `import time\ntime.sleep(1)\n${define('pass')}`)
    const { answer } = new Instance(runtime, () => {}).invoke({ ...createInvocation({}), timeoutMs: 900 })
    assert.equal(await answer, null)
  })

  it('given a timeout, then it has ended, with all that it has started, before that is said', async t => {
    const folder = await writeFolder(t, {})
    const body = `os.system(f"sleep 600 & echo $! >> pids"); open("pids", "a").write(str(os.getpid())); time.sleep(600)`
    const runtime = await python(t, '', { folder })
    await writeFile(join(folder, 'app.py'), define(body))
    const { answer } = new Instance(runtime, () => {}).invoke({ ...createInvocation({}), timeoutMs: 700 })
    await assert.rejects(answer, /^RuntimeEnded: timeout: the handler took longer than 700 ms$/)
    const pids = (await readFile(join(folder, 'pids'), 'utf8')).split('\n').map(Number)
    assert.equal(pids.length, 2)
    t.after(() => {
      for (const pid of pids.filter(isRunning)) process.kill(pid)
    })
    for (const pid of pids) await until(`${pid} has ended`, () => !isRunning(pid))
  })

  it('given that its function is announced as updated, then the next invocation runs the new code', async t => {
    const folder = await writeFolder(t, { 'app.py': define('return "old"') })
    const facts = createFacts({ runtime: 'python3.13', handler: 'app.handler', folder })
    const invoker = new Invoker({ start: () => new PythonRuntime(facts), haveTimeouts: true }, { error() {} })
    t.after(() => invoker.close())
    const { event, requestId } = createInvocation({})
    const invoke = () => invoker.invoke({ functionKey: 'f', functionTimeoutMs: 60_000 }, event, requestId)
    assert.equal(await invoke(), 'old')
    await writeFile(join(folder, 'app.py'), define('return "newer"'))
    await invoker.replaceInstances()
    assert.equal(await invoke(), 'newer')
  })

  it('given that it ends after it has answered, then its runtime has ended', async t => {
    const runtime = await python(t, define('threading.Timer(0.1, os._exit, [7]).start()'))
    assert.deepEqual(await invokeForResult(runtime), { ok: null })
    assert.match((await runtime.termination).message, /has ended: .* exit status 7$/)
  })

  it('logs what a handler logs at the level that it sets, beside its answers', async t => {
    const lines = `${define('logging.getLogger().setLevel("INFO"); logging.info("seen %s", event); print("printed")')}`
    const folder = await writeFolder(t, { 'app.py': lines })
    const { stdout } = await runProgram(folder)
    assert.match(stdout, /^\[INFO\]\t.*\tseen \{\}\nprinted\n$/)
  })
})

describe('the interpreter of a function', () => {
  const facts = { functionKey: 'f', runtime: 'python3.99', folder: '/' }
  const real = findInterpreter(facts)
  const say = (version: string) => `#!/bin/sh\necho "$0"; echo ${version}`

  /** Returns the interpreter if the PATH has only these commands, and its folder is also the virtual environment. */
  async function find(t: TestContext, commands: Record<string, string>, isVenv = false) {
    const files = Object.entries(commands).map(([name, code]) => [`bin/${name}`, code])
    const folder = await writeFolder(t, Object.fromEntries(files))
    for (const [name = ''] of files) await chmod(join(folder, name), 0o755)
    const env = { PATH: join(folder, 'bin'), ...(isVenv && { VIRTUAL_ENV: folder }) }
    const [path, version] = findInterpreter(facts, env)
    return [path.replace(join(folder, 'bin/'), ''), version]
  }

  it('is that of the virtual environment, or else that of the runtime, or else any Python 3', async t => {
    const [python3, own, python] = [say('3.98'), say('3.99'), say('3.97')]
    assert.deepEqual(await find(t, { python, python3, 'python3.99': own }, true), ['python', '3.97'])
    assert.deepEqual(await find(t, { python, python3, 'python3.99': own }), ['python3.99', '3.99'])
    assert.deepEqual(await find(t, { python, python3 }, true), ['python', '3.97'])
    assert.deepEqual(await find(t, { python, python3 }), ['python3', '3.98'])
  })

  it('given a command that does not start, or starts Python 2, then it is the next one', async t => {
    const absent = '#!/bin/sh\nexit 127'
    const commands = { 'python3.99': absent, python3: say('2.7'), python: say('3.97') }
    assert.deepEqual(await find(t, commands), ['python', '3.97'])
  })

  it('given none, then it is said what to install', async t => {
    await assert.rejects(find(t, {}), {
      name: 'ConfigurationError',
      message:
        'function "f" has the runtime python3.99, but there is no Python 3: install python3.99, or activate a virtual environment',
    })
  })

  it('given another version than that of the runtime, then one line at the start names both', () => {
    const definition = { runtime: facts.runtime, events: [{ msk: { topic: 'orders' } }] }
    const serverless = createServerless({ f: definition, g: definition }, {})
    Object.assign(serverless.config, { servicePath: '/' })
    const [path, version] = real
    assert.deepEqual(localGaps(serverless, {}, ['f', 'g']), [
      `runtime python3.99 of function "f", "g" is run by Python ${version} here (${path}): put python3.99 on the PATH, or activate a virtual environment with it`,
    ])
    const same = createServerless({ f: { ...definition, runtime: `python${version}` } }, {})
    Object.assign(same.config, { servicePath: '/' })
    assert.deepEqual(localGaps(same, {}, ['f']), [])
  })
})

function isRunning(pid: number): boolean {
  try {
    // One that has ended may wait for its parent to notice.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Runs a program that invokes the handler in this folder. */
function runProgram(folder: string) {
  const url = (file: string) => new URL(file, import.meta.url).href
  const code = `
    import { PythonRuntime } from '${url('../../invoke/runtimes/python/python-runtime.ts')}'
    import { createFacts, invokeForResult } from '${url('./node-runtime-support.ts')}'
    const facts = createFacts({ runtime: 'python3.13', handler: 'app.handler', folder: ${JSON.stringify(folder)} })
    const runtime = new PythonRuntime(facts)
    await invokeForResult(runtime)
    await runtime.close()`
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
}
