import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { followOffline } from '../../offline.ts'

/** A stand-in for the plugin, as far as the trigger relies on it: it starts and ends through its own properties. */
class ServerlessOffline {
  readonly calls: string[]

  constructor(calls: string[]) {
    this.calls = calls
  }

  async run(): Promise<void> {
    await this.start()
    this.calls.push('runs')
    await this.end()
  }

  async start(): Promise<void> {
    this.calls.push('starts')
  }

  async end(skipExit = false): Promise<void> {
    this.calls.push(`ends${skipExit ? ' without exit' : ''}`)
  }
}

describe('plain serverless offline', () => {
  function followed() {
    const calls: string[] = []
    const offline = new ServerlessOffline(calls)
    const isFollowed = followOffline([{}, offline], {
      start: () => void calls.push('trigger starts'),
      stop: async skipExit => void calls.push(`trigger stops${skipExit ? ', the process goes on' : ''}`),
    })
    return { calls, offline, isFollowed }
  }

  it('given it starts, then the trigger starts with it, and stops before it ends', async () => {
    const { calls, offline, isFollowed } = followed()
    assert.equal(isFollowed, true)
    assert.deepEqual(calls, [], 'other plugins still have their turn')
    await offline.run()
    assert.deepEqual(calls, ['trigger starts', 'starts', 'runs', 'trigger stops', 'ends'])
  })

  it('given it ends without exit, then the trigger stops, and the process goes on', async () => {
    const { calls, offline } = followed()
    await offline.end(true)
    assert.deepEqual(calls, ['trigger stops, the process goes on', 'ends without exit'])
  })

  it('given it is not among the plugins, then that is said', () => {
    assert.equal(followOffline([{}], { start: assert.fail, stop: async () => assert.fail() }), false)
  })
})
