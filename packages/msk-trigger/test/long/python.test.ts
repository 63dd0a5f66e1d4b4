import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { TestKafka } from '../integration/kafka.ts'
import { Project } from '../integration/project.ts'

/** Fails at the first of two attempts, which are counted over all processes. */
const HANDLER = `
import os


def orders(event, context):
    with open("attempts.txt", "a") as file:
        file.write("x")
    if os.path.getsize("attempts.txt") == 1:
        raise ValueError("not yet")
    return {}
`

describe('a function in Python', () => {
  let kafka: TestKafka
  let project: Project

  before(async () => {
    kafka = await TestKafka.connect()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('runs with the runner of serverless-offline, and after an exception its batch is redelivered', async () => {
    const topic = await kafka.topic('python', 1)
    const msk = {
      arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id',
      topic,
      maximumBatchingWindow: 0,
    }
    const orders = { runtime: 'python3.12', handler: 'app.orders', timeout: 2, events: [{ msk }] }
    project = await Project.create({ orders }, {})
    await writeFile(project.file('app.py'), HANDLER)
    await kafka.send(topic, [{ value: 'one' }])
    await project.start()
    await project.untilSays(/orders ← \S+ {2}0@0 failed \(attempt 1, .*\): timeout: the handler took longer/)
    await kafka.untilCommitted(project.group('orders', topic), topic, [1])
  })
})
