// An OpenID provider on 127.0.0.1 for tests, and for trying out Unisono: everybody signs in, with any password.
//
//     node server.mjs [--port PORT] [--shape rfc9068|keycloak] [--lifetime SECONDS]
//
// It prints its issuer once it serves. GET /admin/users/NAME says the id of a user, as its tokens have it.
// POST /admin/rotate signs with a new key from then on (?keep=no takes the others away at once), POST
// /admin/clock?ahead=SECONDS sets its clock ahead of the machine's, or behind.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';
import { Records } from './records.mjs';
import { shapes } from './shapes.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    shape: { type: 'string', default: 'rfc9068' },
    lifetime: { type: 'string', default: '3600' },
  },
});

// The address of Unisono as a resource (RFC 8707), for clients that name none.
const RESOURCE = 'urn:unisono';
const AUDIENCE = 'unisono';
const SEND = 'notifications.send feeds.delete';
const READ = 'notifications.readwrite';
const DAY = 86400;

const machine = Date.now;
let ahead = 0;
Date.now = () => machine() + 1000 * ahead;

const clients = [
  {
    client_id: 'mail-backend',
    client_secret: 'mail-backend-secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: SEND,
  },
  {
    client_id: 'mail-phone',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: ['http://127.0.0.1/callback'],
    response_types: ['code'],
    scope: `openid offline_access ${READ}`,
  },
];

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };
}

function configuration(keys) {
  return {
    adapter: Records,
    clients,
    jwks: { keys },
    cookies: { keys: ['the key of the cookies of these tests'] },
    scopes: ['openid', 'offline_access', ...READ.split(' '), ...SEND.split(' ')],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    ttl: { Grant: DAY, Interaction: 3600, Session: DAY, RefreshToken: DAY, DeviceCode: 600, IdToken: 3600 },
    formats: { customizers: { jwt: (_, token, jwt) => shapes[options.shape].shape(token, jwt) } },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: `${READ} ${SEND}`,
          audience: AUDIENCE,
          accessTokenTTL: Number(options.lifetime),
          accessTokenFormat: 'jwt',
        }),
      },
    },
  };
}

const http = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  if (request.method === 'GET' && pathname.startsWith('/admin/users/')) {
    response.end(shapes[options.shape].subject(decodeURIComponent(pathname.slice('/admin/users/'.length))));
  } else if (request.method === 'POST' && pathname.startsWith('/admin/')) {
    response.writeHead(administer(pathname, searchParams)).end();
  } else {
    answer(request, response);
  }
});

function administer(path, parameters) {
  if (path === '/admin/rotate') rotate(parameters.get('keep') !== 'no');
  else if (path === '/admin/clock') ahead = Number(parameters.get('ahead'));
  else return 404;
  return 204;
}

let issuer;
let answer;
let keys = [];

// oidc-provider takes its keys once, so each set of them gets a provider of its own, with the same records.
function rotate(keep) {
  keys = [signingKey(), ...(keep ? keys : [])];
  answer = new Provider(issuer, configuration(keys)).callback();
}

http.listen(Number(options.port), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${http.address().port}`;
  rotate(false);
  console.log(issuer);
});
