import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { TestKafka } from './kafka.ts'
import { Project } from './project.ts'

/** Prints its records, raises at the first attempt, reports a failure at the second, and returns nothing at the third. */
const HANDLER = `
import base64


def orders(event, context):
    with open("attempts.txt", "a+") as file:
        file.write("x")
        file.flush()
        file.seek(0)
        attempt = len(file.read())
    for partition, records in event["records"].items():
        for record in records:
            print(f"attempt {attempt} {partition}:", base64.b64decode(record["value"]).decode())
    if attempt == 1:
        raise ValueError("not yet")
    if attempt == 2:
        return {"batchItemFailures": [{"itemIdentifier": {"partition": partition, "offset": 1}}]}
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

  // Promise packages/msk-trigger/README.md#runtimes | A function in Python that raises, reports failures or returns None has the outcome that it has in Lambda.
  it('given that it raises, reports a failure and returns nothing, then it is as in JavaScript', async () => {
    const topic = await kafka.topic('python', 1)
    const msk = {
      arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id',
      topic,
      maximumBatchingWindow: 0,
      functionResponseType: 'ReportBatchItemFailures',
    }
    const orders = { runtime: 'python3.12', handler: 'app.orders', events: [{ msk }] }
    project = await Project.create({ orders }, {})
    await writeFile(project.file('app.py'), HANDLER)
    await kafka.send(topic, [{ value: 'one' }, { value: 'two' }])
    await project.start()
    await kafka.untilCommitted(project.group('orders', topic), topic, [2])
    await project.untilSays(
      /0@0–1 failed \(attempt 1, .*\): ValueError: not yet\n.*\n.*app\.py", line \d+, in orders/,
    )
    await project.untilSays(/it reported \S+-0@1/)
    await project.untilSays(/attempt 3 \S+-0: two/)
  })
})
