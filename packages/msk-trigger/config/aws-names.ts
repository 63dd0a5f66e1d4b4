/** Names that Lambda accepts in an event source mapping. See https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html. */
import { array, check, custom, pipe, record, string } from 'valibot'
import { isObject, isUnique } from '../support/config-values.ts'
import { must } from './setting-errors.ts'

const ARN = /^arn:aws[a-z\d-]*:([a-z\d-]+):((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:./i

/** Returns the service in an ARN, such as `sqs`; undefined for a text that Lambda does not accept as an ARN. */
export function serviceIn(arn: string): string | undefined {
  return ARN.exec(arn)?.[1]
}

/**
 * Returns the schema of an ARN, or of a reference to its resource.
 *
 * @param what type of the resource, for the error message
 */
export function arnOf(service: string, what: string, longest = 10_000) {
  return custom<string | object>(
    value => isObject(value) || (isText(value, longest) && serviceIn(value) === service),
    must(`the ARN of ${what}, up to ${longest} characters, like arn:aws:${service}:eu-west-1:123456789012:…`),
  )
}

/** Matches a bootstrap server. Lambda accepts no underscores in its name, and no IPv6 addresses. */
const SERVER = /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?:\d{1,5}$/i

export const BOOTSTRAP_SERVERS = custom<unknown>(
  servers =>
    isObject(servers) ||
    (Array.isArray(servers) &&
      servers.length >= 1 &&
      servers.length <= 10 &&
      isUnique(servers) &&
      servers.every(one => isObject(one) || (isText(one, 300) && SERVER.test(one)))),
  must('a list of 1 to 10 different addresses like kafka.example.com:9092'),
)

const ACCESS = must('a map of lists with up to 23 secrets, subnets and security groups')
const ACCESS_VALUE = custom<unknown>(
  value => isObject(value) || (isText(value, 200) && /^[\w/*:+=.@-]+$/.test(value)),
  must('a string of 1 to 200 letters, digits and -/*:_+=.@'),
)

export const ACCESS_CONFIGURATIONS = pipe(
  record(string(), array(ACCESS_VALUE, ACCESS), ACCESS),
  check(lists => Object.values(lists).flat().length <= 23, ACCESS),
)

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest
}
