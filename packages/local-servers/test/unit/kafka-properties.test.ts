import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type KafkaNode, kafkaProperties } from '../../kafka-properties.ts'

const NODES = [1, 2, 3].map(id => ({ id, port: 9091 + id, controllerPort: 19_091 + id }))

describe('the properties of a Kafka node', () => {
  it('listen on loopback only, and name every node as a voter', () => {
    const properties = read(NODES[1] as KafkaNode, NODES)
    assert.equal(properties.get('node.id'), '2')
    assert.equal(properties.get('process.roles'), 'broker,controller')
    assert.equal(properties.get('listeners'), 'PLAINTEXT://127.0.0.1:9093,CONTROLLER://127.0.0.1:19093')
    assert.equal(properties.get('advertised.listeners'), 'PLAINTEXT://127.0.0.1:9093')
    assert.equal(
      properties.get('controller.quorum.voters'),
      '1@127.0.0.1:19092,2@127.0.0.1:19093,3@127.0.0.1:19094',
    )
  })
})

function read(node: KafkaNode, nodes: readonly KafkaNode[]): Map<string, string> {
  const properties = kafkaProperties(node, nodes, '/data/log')
  return new Map(Object.entries(properties).map(([name, value]) => [name, String(value)]))
}
