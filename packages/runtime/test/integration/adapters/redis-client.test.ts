import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { rejection } from '@sluice/test-kit/rejection'
import { redisUrl } from '@sluice/test-kit/servers'
import { COMPARE_AND_SET } from '../../../adapters/redis/scripts.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import { withClient } from '../../support/redis-clients.ts'

describe('the error of a failed command', () => {
  it('given a wrong password, then neither it nor the command is anywhere in the error', async () => {
    const settings = { url: redisUrl(), username: 'nobody', password: 'PW-SECRET' }
    const error = await withClient(settings, client => rejection(client.run(redis => redis.get('k'))))
    assert.ok(error instanceof Unavailable)
    assert.match(error.message, /127\.0\.0\.1:\d+ does not accept the user or the password: WRONGPASS/)
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /PW-SECRET/)
  })

  it('given a refused command, then its error is not "unavailable" and holds none of its arguments', async () => {
    const key = `client-${randomUUID()}`
    await withClient({ url: redisUrl() }, async client => {
      await client.run(redis => redis.set(key, 'text'))
      const error = await rejection(client.run(redis => redis.hset(key, 'field', 'STATE-SECRET')))
      await client.run(redis => redis.del(key))
      assert.equal(error instanceof Unavailable, false)
      assert.match(error.message, /WRONGTYPE/)
      assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /STATE-SECRET/)
      assert.equal((error.cause as Error).name, 'ReplyError')
    })
  })

  it('given an answer that came while the process was starved, then it counts, although its time is over', () =>
    withClient({ url: redisUrl(), commandTimeoutMs: 200 }, async client => {
      await client.run(redis => redis.ping())
      const answer = client.run(redis => redis.ping())
      await new Promise(setImmediate)
      for (const endMs = Date.now() + 500; Date.now() < endMs; );
      assert.equal(await answer, 'PONG')
    }))

  it('given a bug beside the server, then the error stays what it is, and is not "unavailable"', async () => {
    const bug = new TypeError('cannot read properties of undefined')
    const error = await withClient({ url: redisUrl() }, client =>
      rejection(client.run(() => Promise.reject(bug))),
    )
    assert.equal(error, bug)
  })
})

describe('a connection that is of no use any more', () => {
  it('given one that swallows everything, then after a time-out the next command has a new connection', async () => {
    const target = new URL(redisUrl())
    let connections = 0
    const proxy = createServer(socket => {
      connections++
      socket.on('error', () => {})
      // The first one is what a freeze leaves behind: an open connection without a peer.
      if (connections === 1) return
      const server = connect(Number(target.port), target.hostname)
      server.on('error', () => {})
      socket.pipe(server).pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const url = `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    try {
      await withClient({ url, commandTimeoutMs: 2_000 }, async client => {
        assert.ok((await rejection(client.run(redis => redis.ping()))) instanceof Unavailable)
        assert.equal(await client.run(redis => redis.ping()), 'PONG')
      })
    } finally {
      proxy.close()
    }
  })

  it('given a password that was changed, then it is read anew', async () => {
    const passwords = ['old', undefined]
    const settings = async () => {
      const password = passwords.shift()
      return { url: redisUrl(), ...(password ? { username: 'nobody', password } : {}) }
    }
    await withClient(settings, async client => {
      assert.ok((await rejection(client.run(redis => redis.ping()))) instanceof Unavailable)
      assert.equal(await client.run(redis => redis.ping()), 'PONG')
    })
  })
})

describe('a script that Redis 6.2 cannot run now', () => {
  /** Answers every EVALSHA as Redis 6.2.14 was seen to do; a server of that age is not at hand here. */
  async function withOldServer(
    answer: string,
    use: (url: string, connections: () => number) => Promise<void>,
  ) {
    let connections = 0
    const server = createServer(socket => {
      connections++
      socket.on('error', () => {})
      socket.on('data', chunk => {
        for (const [, name = ''] of chunk.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g))
          socket.write(answers[name.toLowerCase()] ?? '+OK\r\n')
      })
    }).listen(0, '127.0.0.1')
    const answers: Record<string, string> = {
      hello: '-NOPROTO unsupported protocol version\r\n',
      info: '$0\r\n\r\n',
      evalsha: `-ERR Error running script (call to f_6073e39a): @user_script:1: @user_script: 1: -${answer}\r\n`,
    }
    await once(server, 'listening')
    try {
      await use(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`, () => connections)
    } finally {
      server.close()
    }
  }

  it('given no memory left, then it is unavailable, as with later versions', () =>
    withOldServer("OOM command not allowed when used memory > 'maxmemory'.", url =>
      withClient({ url }, async client => {
        const error = await rejection(client.eval(COMPARE_AND_SET, ['k'], ['', 1]))
        assert.ok(error instanceof Unavailable, error.message)
        assert.match(error.message, /has no memory left: OOM/)
      }),
    ))

  for (const [answer, isKept] of [
    ["READONLY You can't write against a read only replica.", false],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", false],
    ['NOREPLICAS Not enough good replicas to write.', false],
    ["OOM command not allowed when used memory > 'maxmemory'.", true],
  ] as const)
    it(`given ${answer.split(' ')[0]}, then the next command has ${isKept ? 'the same' : 'a new'} connection`, () =>
      withOldServer(answer, (url, connections) =>
        withClient({ url }, async client => {
          for (const count of [1, isKept ? 1 : 2]) {
            assert.ok((await rejection(client.eval(COMPARE_AND_SET, ['k'], ['', 1]))) instanceof Unavailable)
            assert.equal(connections(), count)
          }
        }),
      ))
})
