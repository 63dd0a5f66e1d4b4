import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inLanes } from '../../runner/lanes.ts'

/** Works that end when the test says so. */
class Works {
  readonly begun: string[] = []
  readonly #ends = new Map<string, PromiseWithResolvers<string>>()
  readonly #abort = new AbortController()
  readonly results: Promise<string[]>
  #isOver = false
  readonly #over = () => {
    this.#isOver = true
  }

  /** @param names those that mostly wait begin with `w`, the long ones with `l` */
  constructor(names: readonly string[]) {
    const works = names.map(name => ({ name, waits: name.startsWith('w'), isLong: name.startsWith('l') }))
    this.results = inLanes(works, 2, ({ name }) => this.#run(name), this.#abort.signal)
    // A test looks at a rejection only after other works have ended.
    this.results.then(this.#over, this.#over)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve(name)
    await turn()
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(name))
    await turn()
  }

  stop(): void {
    this.#abort.abort()
  }

  #run(name: string): Promise<string> {
    this.begun.push(name)
    const end = Promise.withResolvers<string>()
    this.#ends.set(name, end)
    return end.promise
  }
}

describe('the lanes of the test runner', () => {
  it('given works that are busy, then two run at once, in their order', async () => {
    const works = new Works(['a', 'b', 'c', 'd'])
    assert.deepEqual(works.begun, ['a', 'b'])
    await works.end('b')
    assert.deepEqual(works.begun, ['a', 'b', 'c'])
    for (const name of ['a', 'c', 'd']) await works.end(name)
    assert.deepEqual(await works.results, ['a', 'b', 'c', 'd'])
  })

  it('given long ones, then one of these runs beside short ones, and with its like only at the end', async () => {
    const works = new Works(['l1', 'l2', 'l3', 'a', 'b'])
    assert.deepEqual(works.begun, ['l1', 'a'])
    await works.end('a')
    assert.equal(works.begun.at(-1), 'b')
    await works.end('l1')
    assert.equal(works.begun.at(-1), 'l2')
    await works.end('b')
    assert.equal(works.begun.at(-1), 'l3')
    for (const name of ['l2', 'l3']) await works.end(name)
    assert.deepEqual(await works.results, ['l1', 'l2', 'l3', 'a', 'b'])
  })

  it('given some that mostly wait, then one of these runs beside two others', async () => {
    const works = new Works(['w1', 'w2', 'a', 'b', 'c'])
    assert.deepEqual(works.begun.toSorted(), ['a', 'b', 'w1'])
    await works.end('a')
    assert.equal(works.begun.at(-1), 'c', 'those that are busy come first')
    await works.end('b')
    assert.equal(works.begun.at(-1), 'w2', 'then the others, in whatever lane is free')
    for (const name of ['w1', 'w2', 'c']) await works.end(name)
    assert.deepEqual(await works.results, ['w1', 'w2', 'a', 'b', 'c'])
  })

  it('given a stop, then nothing else is begun, and what has ended is told', async () => {
    const works = new Works(['a', 'b', 'w', 'c'])
    works.stop()
    for (const name of ['a', 'b', 'w']) await works.end(name)
    assert.deepEqual(await works.results, ['a', 'b', 'w'])
  })

  it('given one that fails, then nothing else is begun, and those that run end before it is told', async () => {
    const works = new Works(['a', 'b', 'w', 'c', 'd'])
    await works.fail('a')
    for (const name of ['b', 'w']) {
      assert.equal(works.isOver, false)
      await works.end(name)
    }
    assert.equal(works.isOver, true)
    assert.deepEqual(works.begun.toSorted(), ['a', 'b', 'w'])
    await assert.rejects(works.results, { message: 'a' })
  })
})
