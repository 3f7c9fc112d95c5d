// A certified OpenID provider (panva's oidc-provider) with made-up people, for tests: every password
// is "demo", every code "123456". `node provider.mjs PORT`; it listens on the loopback address only.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const people = {
  'account-lena': { preferred_username: 'lena', groups: ['grp-legal', 'grp-other'] },
  'account-paula': { preferred_username: 'paula', groups: ['grp-policy'] },
  'account-imani': { preferred_username: 'imani', groups: ['grp-incident'] },
  'account-nadia': { preferred_username: 'nadia', groups: ['grp-legal'] },
  'account-rolf': { preferred_username: 'rolf', groups: [] },
  'account-lena-2': { preferred_username: 'lena', groups: ['grp-legal'], login: 'other-lena' },
};

// An elliptic key is made at once; an RSA key takes seconds on a busy machine.
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'test-1' };

const provider = new Provider(issuer, {
  jwks: { keys: [jwk] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  claims: {
    openid: ['sub', 'amr', 'acr', 'auth_time'],
    profile: ['name', 'preferred_username', 'groups'],
    email: ['email', 'email_verified'],
  },
  cookies: { keys: ['a cookie key of a test'] },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    deviceFlow: { enabled: true },
    backchannelLogout: { enabled: true },
  },
  // Its own guard lets nothing be told to this machine, which is where the gateway of a test is.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => people[id] && {
    accountId: id,
    claims: () => ({
      sub: id,
      name: `${people[id].preferred_username} of a test`,
      email: `${people[id].preferred_username}@provider.example`,
      email_verified: true,
      preferred_username: people[id].preferred_username,
      groups: people[id].groups,
    }),
  },
  // Nobody is asked for consent to what their own organisation runs.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});

const page = (uid, problem = '') => `<!doctype html><html lang="en"><title>Provider</title>
<h1>Log in at the provider</h1><p role="alert">${problem}</p>
<form method="post" action="/interaction/${uid}">
<label>Account <input name="login" required></label>
<label>Password <input name="password" type="password" required></label>
<label>One-time code <input name="code"></label>
<button>Sign in</button></form></html>`;

const read = async (req) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
};

// A test takes a person's groups away as an administrator would.
const administer = async (req, res) => {
  const fields = await read(req);
  people[fields.get('account')].groups = fields.getAll('group');
  res.writeHead(204).end();
};

const interact = async (req, res) => {
  const { uid } = await provider.interactionDetails(req, res);
  if (req.method === 'GET') {
    res.writeHead(200, { 'content-type': 'text/html' }).end(page(uid));
    return;
  }
  const fields = await read(req);
  const login = fields.get('login');
  const account = Object.keys(people)
    .find((id) => (people[id].login ?? people[id].preferred_username) === login);
  const code = fields.get('code');
  if (!account || fields.get('password') !== 'demo' || (code && code !== '123456')) {
    res.writeHead(401, { 'content-type': 'text/html' }).end(page(uid, 'Wrong.'));
    return;
  }
  await provider.interactionFinished(req, res, {
    login: { accountId: account, amr: code ? ['pwd', 'otp', 'mfa'] : ['pwd'] },
  }, { mergeWithLastSubmission: false });
};

for (const event of ['backchannel.error', 'server_error', 'registration_create.error']) {
  provider.on(event, (ctx, error) => console.error(event, error));
}
const rest = provider.callback();
createServer((req, res) => {
  const mine = req.url.startsWith('/interaction/') ? interact
    : req.url === '/administer' ? administer : null;
  if (!mine) return rest(req, res);
  return mine(req, res).catch((error) => {
    console.error(error);
    res.writeHead(500).end('the test provider failed');
  });
}).listen(port, '127.0.0.1');
