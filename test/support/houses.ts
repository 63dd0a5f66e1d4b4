/** Packages that are carried away together. test/long/houses.test.ts runs their tests in an empty project. */
export const HOUSES = {
  trigger: ['kafka-records', 'local-servers', 'msk-trigger', 'packaging', 'schema-registry', 'test-kit'],
  engine: ['kafka-records', 'local-servers', 'packaging', 'runtime', 'schema-registry', 'test-kit'],
} as const
