/** Every state that an invocation can have, and everything that can happen then: it is settled in each case, and never runs twice at once. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { Instance } from '../../invoke/instance.ts'
import { InstancePool } from '../../invoke/instance-pool.ts'
import { SharedPlaces } from '../../invoke/runtimes/node/shared-places.ts'
import type { Request } from '../../invoke/runtimes/node/thread-messages.ts'
import { ThreadQueue } from '../../invoke/runtimes/node/thread-queue.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from '../../invoke/runtimes/runtime.ts'
import { settled } from './support.ts'

const TIMEOUT_MS = 3_000

/** A runtime as `NodeRuntime`, with a thread that does as the test says. */
class FakeRuntime implements Runtime {
  readonly isComputing = false
  isOver = false
  /** The name of the invocation that runs in the thread. */
  running: string | undefined
  readonly #line = new ThreadQueue()
  readonly #thread = new SharedPlaces(this.#line.places.shared)
  readonly #requests: Request[] = []
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  #loading: PromiseWithResolvers<void> | undefined = Promise.withResolvers()
  #place = 0

  get termination(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get room(): number {
    return this.#line.places.free
  }

  load(): Promise<void> | undefined {
    return this.#loading?.promise
  }

  invoke(): never {
    return assert.fail('it hands over')
  }

  handOver(invocation: Invocation) {
    const thread = { postMessage: (request: Request) => this.#requests.push(request) }
    return this.#line.handOver(thread as never, invocation)
  }

  async close(): Promise<void> {
    this.#end('it was closed')
  }

  loaded(): void {
    this.#loading?.resolve()
    this.#loading = undefined
  }

  /** The thread begins the next invocation. */
  take(): void {
    for (let next = this.#requests.shift(); next && !this.isOver; next = this.#requests.shift()) {
      if (!this.#thread.take(next.place)) continue
      this.#place = next.place
      this.running = next.requestId
      return
    }
  }

  answer(): void {
    if (this.running !== undefined) this.#over()?.resolve(this.running)
    this.running = undefined
  }

  /**
   * Fails the handler with an error for which Lambda restarts the runtime: another thread continues with its invocation, here at
   * once.
   */
  failFatally(): void {
    if (this.running === undefined) {
      this.#end('it failed after it had responded')
      return
    }
    const failed = this.#over()
    this.running = undefined
    this.#line.takeBackAll()
    failed?.reject(new HandlerError({ errorType: 'Error', errorMessage: 'boom', trace: [] }))
  }

  exit(): void {
    this.#end('it exited')
  }

  #over() {
    return this.#line.takePending(this.#place)
  }

  #end(why: string): void {
    this.isOver = true
    this.running = undefined
    this.#line.takeBackAll()
    this.#ended.resolve(new RuntimeEnded(why))
  }
}

/** `a` and `b` want to run, in this order. */
function given() {
  const runtimes: FakeRuntime[] = []
  const instances = new InstancePool(() => {
    const runtime = new FakeRuntime()
    runtimes.push(runtime)
    return new Instance(runtime, () => {})
  })
  const outcomes: Record<string, string[]> = {}
  const run = (name: string) => {
    const seen: string[] = []
    outcomes[name] = seen
    const invocation = { event: { json: () => '{}' }, requestId: name, timeoutMs: TIMEOUT_MS }
    instances
      .run((instance, onBegun) => instance.invoke(invocation, onBegun))
      .then(
        answer => seen.push(answer === name ? 'answered' : `answered as ${answer}`),
        error => seen.push(error.message),
      )
  }
  run('a')
  const first = runtimes[0] as FakeRuntime
  /** Continues with all running and waiting invocations, until all have ended. */
  const goOn = async () => {
    for (let round = 0; round < 8; round += 1) {
      await settled()
      for (const runtime of runtimes) {
        runtime.loaded()
        if (runtime.running === undefined) runtime.take()
      }
      const running = runtimes.flatMap(runtime => runtime.running ?? [])
      assert.equal(new Set(running).size, running.length, 'none runs twice at once')
      for (const runtime of runtimes) runtime.answer()
    }
  }
  return { instances, runtimes, first, run, goOn, outcomes }
}
type Given = ReturnType<typeof given>

async function loadedWithBoth({ first, run }: Given): Promise<void> {
  first.loaded()
  await settled()
  first.take()
  run('b')
}

async function withSecondRunning(test: Given): Promise<void> {
  await loadedWithBoth(test)
  test.first.answer()
  await settled()
  test.first.take()
}

interface State {
  readonly before?: (test: Given) => Promise<void>
  /** Whether the action is in the same turn of the event loop as the event, before its consequences. */
  readonly justNow?: (test: Given) => void
}

/** States of `b`. */
const STATES: Readonly<Record<string, State>> = {
  'waits for an instance that is loading': { before: async ({ run }) => run('b') },
  'waits in the thread': { before: loadedWithBoth },
  'waits, and the one before it is answered just now': {
    before: loadedWithBoth,
    justNow: ({ first }) => first.answer(),
  },
  'is third, and the first is answered just now': {
    before: async ({ first, run }) => {
      first.loaded()
      await settled()
      first.take()
      run('next')
      run('b')
    },
    justNow: ({ first }) => first.answer(),
  },
  'has begun, and the one before it is answered just now': {
    before: loadedWithBoth,
    justNow: ({ first }) => {
      first.answer()
      first.take()
    },
  },
  runs: { before: withSecondRunning },
  'is answered just now': { before: withSecondRunning, justNow: ({ first }) => first.answer() },
  'is too late just now': { before: withSecondRunning, justNow: () => mock.timers.tick(TIMEOUT_MS) },
  'is taken back just now': {
    before: loadedWithBoth,
    justNow: ({ instances }) => void instances.replace(),
  },
}

const EVENTS: Readonly<Record<string, (test: Given) => unknown>> = {
  'an answer': ({ first }) => first.answer(),
  'the end of the thread': ({ first }) => first.exit(),
  'a fatal error': ({ first }) => first.failFatally(),
  'the timeout': () => mock.timers.tick(TIMEOUT_MS),
  'the end of the trigger': ({ instances }) => void instances.close(),
  'new code': ({ instances }) => void instances.replace(),
}

const [OK, STOPPED, CLOSED] = ['answered', 'the trigger has stopped', 'it was closed']
const [EXITED, FAILED, LATE] = ['it exited', 'Error: boom', 'timeout: the handler took longer than 3000 ms']

/** Outcomes of `b` after each event, in the order of `EVENTS`. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  'waits for an instance that is loading': [OK, OK, OK, OK, STOPPED, OK],
  'waits in the thread': [OK, OK, OK, OK, STOPPED, OK],
  'waits, and the one before it is answered just now': [OK, OK, OK, OK, STOPPED, OK],
  'is third, and the first is answered just now': [OK, OK, OK, OK, STOPPED, OK],
  'has begun, and the one before it is answered just now': [OK, EXITED, FAILED, OK, STOPPED, OK],
  runs: [OK, EXITED, FAILED, LATE, CLOSED, OK],
  'is answered just now': [OK, OK, OK, OK, OK, OK],
  'is too late just now': [LATE, LATE, LATE, LATE, LATE, LATE],
  'is taken back just now': [OK, OK, OK, OK, CLOSED, OK],
}

describe('an invocation is settled once', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  for (const event of ['the end of the thread', 'a fatal error'] as const)
    it(`given the first one, loaded and not begun: ${event} counts as its failure`, async () => {
      const test = given()
      test.first.loaded()
      await settled()
      EVENTS[event]?.(test)
      await test.goOn()
      assert.match(test.outcomes.a?.join() ?? '', /^it (exited|failed)/)
      assert.equal(test.runtimes.length, 1)
    })

  for (const [state, { before, justNow }] of Object.entries(STATES))
    for (const [n, [event, happens]] of Object.entries(EVENTS).entries())
      it(`given that it ${state}: ${event}`, async () => {
        const test = given()
        await before?.(test)
        await settled()
        justNow?.(test)
        happens(test)
        await test.goOn()
        assert.deepEqual(test.outcomes.b, [OUTCOMES[state]?.[n]])
        assert.equal(test.outcomes.a?.length, 1)
        test.run('c')
        await test.goOn()
        assert.deepEqual(
          test.outcomes.c,
          [event === 'the end of the trigger' ? STOPPED : OK],
          'the pool continues',
        )
      })
})
