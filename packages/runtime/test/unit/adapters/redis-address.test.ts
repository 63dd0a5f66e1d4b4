import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeAddress, parseRedisUrl } from '../../../adapters/redis/address.ts'

describe('the URL of Redis', () => {
  it('given a host alone, then the rest is as usual', () => {
    assert.deepEqual(parseRedisUrl('redis://cache'), {
      tls: false,
      hosts: [{ host: 'cache', port: 6379 }],
      database: 0,
    })
  })

  it('given everything, then everything is read, and what was percent-encoded is itself again', () => {
    assert.deepEqual(parseRedisUrl('rediss://user:p%40:ss%2F@cache:7000/3'), {
      tls: true,
      hosts: [{ host: 'cache', port: 7000 }],
      username: 'user',
      password: 'p@:ss/',
      database: 3,
    })
  })

  it('given a password alone, then there is no user', () => {
    const { username, password } = parseRedisUrl('redis://:pass@cache') ?? {}
    assert.deepEqual([username, password], [undefined, 'pass'])
  })

  it('given several hosts, then each has its port, and the shown address lacks the password', () => {
    const address = parseRedisUrl('redis://user:pass@one:7000,two,[::1]:7001')
    assert.deepEqual(address?.hosts, [
      { host: 'one', port: 7000 },
      { host: 'two', port: 6379 },
      { host: '::1', port: 7001 },
    ])
    assert.equal(describeAddress(address), 'one:7000,two:6379,[::1]:7001')
  })

  for (const url of [
    '',
    'cache:6379',
    'http://cache',
    'redis://',
    'redis://one,,two',
    'redis://cache:many',
    'redis://cache:70000',
    'redis://cache/name',
    'redis://cache?family=6',
    'redis://:p%zz@cache',
    'redis://:p/w@cache',
  ])
    it(`given "${url}", then it is invalid`, () => assert.equal(parseRedisUrl(url), undefined))
})
