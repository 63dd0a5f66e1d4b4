// serverless-offline finds handlers only in JavaScript modules.
export { counting, intake, receiving } from './consumers.ts'
