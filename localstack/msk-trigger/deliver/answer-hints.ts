import { nearest } from '../support/nearest.ts'
import { isObject } from '../support/values.ts'

/** The name of the list in a partial response. Lambda reads it under this name only. */
const LIST = 'batchItemFailures'

/** Returns the name under which an answer has a list of failures, also one that Lambda does not read, such as `BatchItemFailures`. */
export function listOfFailures(answer: unknown): string | undefined {
  if (!isObject(answer)) return undefined
  const isList = (key: string) => Array.isArray(answer[key]) && (answer[key] as unknown[]).length > 0
  return [LIST, ...Object.keys(answer).filter(key => nearest(key, [LIST]))].find(isList)
}

/** Why an answer is a success although it has a list of failures: Lambda does not read the list under that name. */
export function misnamedList(answer: unknown): { warning?: string } {
  const name = listOfFailures(answer)
  if (name === undefined || name === LIST) return {}
  return {
    warning:
      `it returned ${name}, which Lambda does not read: the list must be called ${LIST}. ` +
      'The batch is committed, as in the cloud',
  }
}

/** What is wrong with a failure that names no record of the batch, with a hint for the usual mistakes. @param sample a partition's name */
export function whatIsWrong(failure: unknown, sample: string): string {
  const right = `{ itemIdentifier: { partition: "${sample}", offset: 12 } }`
  if (!isObject(failure)) return `which must be like ${right}`
  const { itemIdentifier: item } = failure
  if (item === undefined) return `which has no itemIdentifier: it must be like ${right}`
  if (typeof item === 'string' || typeof item === 'number')
    return `whose itemIdentifier is a single value, as for SQS and Kinesis: for Kafka it must be like ${right}`
  if (!isObject(item)) return `which must be like ${right}`
  if (item.partition === undefined && item['topic-partition'] !== undefined)
    return 'which has the older key "topic-partition": use "partition"'
  if (typeof item.partition === 'number' || /^\d+$/.test(String(item.partition)))
    return `whose partition is a number: it must have the topic before it, like "${sample}"`
  if (typeof item.offset === 'string') return 'whose offset is a text: it must be a number'
  return 'which is not a partition and offset of this batch'
}
