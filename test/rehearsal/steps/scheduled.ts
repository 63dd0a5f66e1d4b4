import { randomUUID } from 'node:crypto'
import { ACCOUNT, REGION } from '../emulator/requests.ts'
import type { Rehearsal } from '../rehearsal.ts'

/** Invokes a function as its schedule does. @returns what it answered */
export async function runScheduled<Answer = Readonly<Record<string, unknown>>>(
  { deployed, invoker }: Pick<Rehearsal, 'deployed' | 'invoker'>,
  name: string,
): Promise<Answer> {
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: REGION,
    resources: [`arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`],
    detail: {},
  }
  const functionTimeoutMs = (deployed.functions[name]?.timeout ?? 0) * 1000
  const json = () => JSON.stringify(event)
  const answer = await invoker.invoke({ functionKey: name, functionTimeoutMs }, { json })
  return answer as Answer
}
