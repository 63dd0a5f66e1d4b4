import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * Validates tokens for IAM authentication in the same way as a broker of Amazon MSK. A token is a request to
 * kafka-cluster:Connect, signed with Signature Version 4. The options of the listener's login module contain the region and the
 * only credentials that are accepted.
 */
public final class IamTokenValidator implements AuthenticateCallbackHandler {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private String region;
  private String accessKey;
  private String secretKey;

  @Override
  public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    Map<String, ?> options = entries.get(0).getOptions();
    region = (String) options.get("region");
    accessKey = (String) options.get("accessKey");
    secretKey = (String) options.get("secretKey");
  }

  @Override
  public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof OAuthBearerValidatorCallback token) validate(token);
      else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions)
        extensions.inputExtensions().map().keySet().forEach(extensions::valid);
      // Ignore this callback, because the broker itself never authenticates with a token.
      else if (!(callback instanceof OAuthBearerTokenCallback)) throw new UnsupportedCallbackException(callback);
    }
  }

  private void validate(OAuthBearerValidatorCallback callback) {
    try {
      callback.token(accepted(callback.tokenValue()));
    } catch (Exception refused) {
      callback.error("invalid_token: " + refused.getMessage(), null, null);
    }
  }

  private OAuthBearerToken accepted(String token) throws Exception {
    URI request = URI.create(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
    TreeMap<String, String> query = queryOf(request);
    require(request.getHost().equals("kafka." + region + ".amazonaws.com"), "host");
    require("kafka-cluster:Connect".equals(query.get("Action")), "action");
    Instant signedAt = Instant.from(DATE.parse(query.get("X-Amz-Date")));
    Instant expiresAt = signedAt.plus(Duration.ofSeconds(Long.parseLong(query.get("X-Amz-Expires"))));
    require(Instant.now().isBefore(expiresAt), "expired");
    String scope = query.get("X-Amz-Date").substring(0, 8) + "/" + region + "/kafka-cluster/aws4_request";
    require((accessKey + "/" + scope).equals(query.get("X-Amz-Credential")), "credential");
    String signature = query.remove("X-Amz-Signature");
    // This parameter was added after signing.
    query.remove("User-Agent");
    require(signed(request.getHost(), query, scope).equals(signature), "signature");
    return new Token(token, accessKey, signedAt.toEpochMilli(), expiresAt.toEpochMilli());
  }

  private String signed(String host, TreeMap<String, String> query, String scope) throws Exception {
    String parameters =
        query.entrySet().stream()
            .map(one -> encoded(one.getKey()) + "=" + encoded(one.getValue()))
            .collect(Collectors.joining("&"));
    String canonical = String.join("\n", "GET", "/", parameters, "host:" + host, "", "host", sha256(""));
    String text = String.join("\n", "AWS4-HMAC-SHA256", query.get("X-Amz-Date"), scope, sha256(canonical));
    byte[] key = ("AWS4" + secretKey).getBytes(StandardCharsets.UTF_8);
    for (String part : scope.split("/")) key = hmac(key, part);
    return HexFormat.of().formatHex(hmac(key, text));
  }

  private static TreeMap<String, String> queryOf(URI request) {
    TreeMap<String, String> query = new TreeMap<>();
    for (String pair : request.getRawQuery().split("&")) {
      String[] parts = pair.split("=", 2);
      query.put(URLDecoder.decode(parts[0], StandardCharsets.UTF_8), URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return query;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
  }

  private static String sha256(String text) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest);
  }

  private static byte[] hmac(byte[] key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void require(boolean holds, String what) {
    if (!holds) throw new IllegalArgumentException(what);
  }

  @Override
  public void close() {}

  private record Token(String value, String principalName, Long startTimeMs, long lifetimeMs) implements OAuthBearerToken {
    @Override
    public Set<String> scope() {
      return Set.of();
    }
  }
}
