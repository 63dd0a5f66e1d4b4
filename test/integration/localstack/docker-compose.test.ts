import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { COMPOSE_FILE } from '../../../localstack/docker.ts'
import { SERVICE_NAMES } from '../../../localstack/service-report.ts'

interface Container {
  readonly image: string
  readonly ports: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, unknown>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

const { services } = load(readFileSync(COMPOSE_FILE, 'utf8')) as { services: Record<string, Container> }

describe('given the containers of the local cloud', () => {
  it('then they are the servers that run without Docker too', () => {
    assert.deepEqual(Object.keys(services), [...SERVICE_NAMES])
  })

  for (const name of SERVICE_NAMES) {
    const container = services[name]

    it(`then ${name} has a pinned image and a health check`, () => {
      assert.match(container?.image ?? '', /^[a-z]+\/[a-z-]+:\d+\.\d+/)
      assert.match(container?.healthcheck?.test[0] ?? '', /^CMD(-SHELL)?$/)
    })

    it(`then ${name} has one port, on loopback, chosen by its variable`, () => {
      const [usual, inside] = {
        kafka: ['KAFKA_PORT:-9092', 9092],
        valkey: ['REDIS_PORT:-6379', 6379],
        aws: ['AWS_PORT:-4566', 4566],
        registry: ['REGISTRY_PORT:-8081', 8080],
      }[name]
      assert.deepEqual(container?.ports, [`127.0.0.1:\${${usual}}:${inside}`])
    })
  }

  it('then Valkey keeps every write and evicts nothing', () => {
    const command = services.valkey?.command?.join(' ') ?? ''
    assert.match(command, /--appendonly yes --appendfsync no .*--maxmemory-policy noeviction/)
  })

  it('then Kafka creates no topic by itself', () => {
    assert.equal(services.kafka?.environment?.KAFKA_AUTO_CREATE_TOPICS_ENABLE, 'false')
  })
})
