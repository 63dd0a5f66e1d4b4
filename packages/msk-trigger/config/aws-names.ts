/** Names that Lambda accepts in an event source mapping. See https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html. */
import { custom } from 'valibot'
import { hasUpTo, isObject } from '../support/config-values.ts'
import { must } from './setting-errors.ts'

const ARN = /^arn:aws[a-z\d-]*:([a-z\d-]+):((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:./

/** Returns the service in an ARN, such as `sqs`; undefined for a text that Lambda does not accept as an ARN. */
export function getService(arn: string): string | undefined {
  return ARN.exec(arn)?.[1]
}

/**
 * Returns the schema of an ARN, or of a reference to its resource.
 *
 * @param what type of the resource, for the error message
 */
export function createArnSchema(service: string, what: string, longest = 10_000) {
  return custom<string | object>(
    value => isObject(value) || (isText(value, longest) && getService(value) === service),
    must(`the ARN of ${what}, up to ${longest} characters, like arn:aws:${service}:eu-west-1:123456789012:…`),
  )
}

/** Matches a bootstrap server. Lambda accepts no underscores in its name, and no IPv6 addresses. */
const SERVER = /^[a-z\d]+(?:(?:-+|\.)[a-z\d]+)*:\d{1,5}$/i

export const BOOTSTRAP_SERVERS = custom<unknown>(
  value => isObject(value) || (Array.isArray(value) && hasUpTo(10, value) && areAll(value, SERVER, 300)),
  must('a list of 1 to 10 different addresses like kafka.example.com:9092'),
)

export const ACCESS_CONFIGURATIONS = custom<unknown>(
  value => isObject(value) && isAccess(Object.values(value).flat()),
  must('lists with up to 23 secrets, subnets and security groups, each of 1 to 200 characters'),
)

function isAccess(values: readonly unknown[]): boolean {
  return values.length <= 23 && areAll(values, /^[\w/*:+=.@-]+$/, 200)
}

/** Returns true if all values match, or are references. */
function areAll(values: readonly unknown[], pattern: RegExp, longest: number): boolean {
  return values.every(value => isObject(value) || (isText(value, longest) && pattern.test(value)))
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest
}
