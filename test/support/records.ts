/** A reading for tests of consumers. */
export { environmentReading } from '#runtime/test/support/records'
