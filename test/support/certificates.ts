import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate authority of ours, and a certificate for 127.0.0.1 and localhost that it has signed. PEM. */
export interface TestCertificates {
  ca: string
  key: string
  cert: string
}

/** Makes them with the openssl program in an existing folder. */
export async function createCertificates(folder: string): Promise<TestCertificates> {
  const path = (name: string): string => join(folder, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await run('openssl', ['req', '-x509', ...newKey, '-keyout', path('ca.key'), '-out', path('ca.crt'), '-days', '2', '-subj', '/CN=Test authority'])
  await run('openssl', [
    'req',
    ...newKey,
    '-keyout',
    path('tls.key'),
    '-out',
    path('tls.csr'),
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
  ])
  const signing = ['-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-CAcreateserial', '-copy_extensions', 'copy', '-days', '2']
  await run('openssl', ['x509', '-req', '-in', path('tls.csr'), '-out', path('tls.crt'), ...signing])
  const [ca, key, cert] = await Promise.all([path('ca.crt'), path('tls.key'), path('tls.crt')].map((file) => readFile(file, 'utf8')))
  return { ca: ca ?? '', key: key ?? '', cert: cert ?? '' }
}
