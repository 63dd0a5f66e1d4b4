import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AskVersion, candidates, findPython } from '../../../invoke/runtimes/python/find-python.ts'
import { runtimeOf } from './support.ts'

/** Asks a machine that has these executables, each with its version. */
function machineWith(versions: Record<string, string>) {
  const asked: string[] = []
  const ask: AskVersion = async executable => {
    asked.push(executable)
    const version = versions[executable]
    if (version === undefined) throw new Error(`spawn ${executable} ENOENT`)
    return version
  }
  return { ask, asked }
}

/** Each test has a PATH of its own, because what was found is remembered. */
let paths = 0
const environment = (more = {}) => ({ PATH: `/path-${paths++}`, ...more })

describe('the Python of a function', () => {
  const cases = [
    {
      given: 'an active virtual environment',
      active: { VIRTUAL_ENV: '/venv' },
      versions: { '/venv/bin/python': '3.11', 'python3.12': '3.12' },
      found: { executable: '/venv/bin/python', version: '3.11' },
    },
    {
      given: 'an active environment of conda',
      active: { CONDA_PREFIX: '/conda' },
      versions: { '/conda/bin/python': '3.13', 'python3.12': '3.12' },
      found: { executable: '/conda/bin/python', version: '3.13' },
    },
    {
      given: 'the version of the runtime',
      versions: { 'python3.12': '3.12', python3: '3.11' },
      found: { executable: 'python3.12', version: '3.12' },
    },
    {
      given: 'only another version',
      versions: { python: '2.7', python3: '3.11' },
      found: { executable: 'python3', version: '3.11' },
    },
    {
      given: 'a virtual environment that was deleted',
      active: { VIRTUAL_ENV: '/gone' },
      versions: { python3: '3.11' },
      found: { executable: 'python3', version: '3.11' },
    },
  ]
  for (const { given, active, versions, found } of cases) {
    it(`given ${given}, then it is ${found.executable}`, async () => {
      const { ask } = machineWith(versions as Record<string, string>)
      assert.deepEqual(await findPython('python3.12', environment(active), ask), found)
    })
  }

  it('given none, then the message says what was tried and what to do', async () => {
    const { ask } = machineWith({ python: '2.7' })
    await assert.rejects(findPython('python3.12', environment(), ask), {
      message:
        'no Python 3 was found for the runtime python3.12 (tried python3.12, python3, python): install it, or activate the virtual environment of the project before the start',
    })
  })

  it('is looked for once, but again if there was none', async () => {
    const there = environment()
    const nothing = machineWith({})
    await assert.rejects(findPython('python3.12', there, nothing.ask))
    const { ask, asked } = machineWith({ 'python3.12': '3.12' })
    await findPython('python3.12', there, ask)
    await findPython('python3.12', there, ask)
    assert.deepEqual(asked, ['python3.12'])
  })

  it('given Windows, then it is looked for where environments have it there', () => {
    assert.match(candidates('python3.12', { VIRTUAL_ENV: 'venv' }, 'win32')[0] as string, /Scripts/)
  })

  it('given another version than that of the runtime, then a line names both', async () => {
    const notices: string[] = []
    const runtime = runtimeOf('app.echo', { runtime: 'python3.999' }, notices)
    await runtime.invoke({ event: { json: () => '1' }, requestId: 'r', timeoutMs: 5_000 })
    assert.equal(notices.length, 1)
    assert.match(String(notices[0]), /^runs on Python 3\.\d+ \(.+\), not python3\.999$/)
  })

  it('given no Python at all, then each invocation fails with that message', async () => {
    const bare = { PATH: '/nowhere', VIRTUAL_ENV: '', CONDA_PREFIX: '' }
    const runtime = runtimeOf('app.echo', { environment: bare })
    const invocation = { event: { json: () => '1' }, requestId: 'r', timeoutMs: 5_000 }
    await assert.rejects(runtime.invoke(invocation), /no Python 3 was found for the runtime python3/)
    await assert.rejects(runtime.invoke(invocation), /no Python 3 was found for the runtime python3/)
  })
})
