// serverless-offline finds handlers only in JavaScript modules.
export { counting, receiving, router } from './consumers.ts'
