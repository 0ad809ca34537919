# Access lists: numbered, named, sequence numbers, remarks, removal.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#access-list 1 remark the inside
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#access-list 1 permit 10.1.2.3
Router(config)#access-list 1 permit host 10.1.2.4
Router(config)#access-list 1 deny any
Router(config)#access-list 1 permit 10.0.0.77 0.0.0.255
Router(config)#access-list 100 permit tcp any host 192.0.2.1 eq www 443
Router(config)#access-list 100 permit tcp any any established
Router(config)#access-list 100 permit udp 10.0.0.0 0.255.255.255 range 1000 2000 any eq domain
Router(config)#access-list 100 deny icmp any any echo
Router(config)#access-list 100 permit gre any any
Router(config)#access-list 100 permit 47 any host 192.0.2.9
Router(config)#access-list 100 deny ip any any fragments
Router(config)#ip access-list standard INSIDE
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.255
Router(config-std-nacl)#5 deny host 10.0.0.9
Router(config-std-nacl)#remark last words
Router(config-std-nacl)#ip access-list extended WEB
Router(config-ext-nacl)#permit tcp any any neq 22
Router(config-ext-nacl)#permit tcp any gt 1023 any lt 1024
Router(config-ext-nacl)#15 permit udp any any
Router(config-ext-nacl)#permit ip host 10.0.0.1 any
Router(config-ext-nacl)#do show access-lists
Standard IP access list 1
    20 permit 10.0.0.0, wildcard bits 0.0.0.255
    30 permit 10.1.2.3
    40 permit 10.1.2.4
    50 deny   any
Standard IP access list INSIDE
    5 deny   10.0.0.9
    10 permit 10.0.0.0, wildcard bits 0.0.0.255
Extended IP access list 100
    10 permit tcp any host 192.0.2.1 eq www 443
    20 permit tcp any any established
    30 permit udp 10.0.0.0 0.255.255.255 range 1000 2000 any eq domain
    40 deny icmp any any echo
    50 permit gre any any
    60 permit gre any host 192.0.2.9
    70 deny ip any any fragments
Extended IP access list WEB
    10 permit tcp any any neq 22
    15 permit udp any any
    20 permit tcp any gt 1023 any lt 1024
    30 permit ip host 10.0.0.1 any
Router(config-ext-nacl)#do show running-config | include access-list|permit|deny|remark
ip access-list standard INSIDE
 5 deny 10.0.0.9
 10 permit 10.0.0.0 0.0.0.255
 20 remark last words
ip access-list extended WEB
 10 permit tcp any any neq 22
 15 permit udp any any
 20 permit tcp any gt 1023 any lt 1024
 30 permit ip host 10.0.0.1 any
access-list 1 remark the inside
access-list 1 permit 10.0.0.0 0.0.0.255
access-list 1 permit 10.1.2.3
access-list 1 permit 10.1.2.4
access-list 1 deny any
access-list 100 permit tcp any host 192.0.2.1 eq www 443
access-list 100 permit tcp any any established
access-list 100 permit udp 10.0.0.0 0.255.255.255 range 1000 2000 any eq domain
access-list 100 deny icmp any any echo
access-list 100 permit gre any any
access-list 100 permit gre any host 192.0.2.9
access-list 100 deny ip any any fragments
Router(config-ext-nacl)#no 15
Router(config-ext-nacl)#no permit tcp any any neq 22
Router(config-ext-nacl)#no permit udp any any
Router(config-ext-nacl)#no 4711
Router(config-ext-nacl)#do show access-lists WEB
Extended IP access list WEB
    20 permit tcp any gt 1023 any lt 1024
    30 permit ip host 10.0.0.1 any
Router(config-ext-nacl)#permit 10.0.0.1
                               ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#permit tcp any any eq
% Incomplete command.

Router(config-ext-nacl)#permit tcp any eq http any
                                          ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#permit tcp any any eq 70000
                                              ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#ip access-list standard WEB
% Access list WEB is an extended one
Router(config-ext-nacl)#ip access-list standard 100
                                                ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#access-list 200 permit any
                                    ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#access-list 1 permit 10.0.0.0 0.0.0
                                                      ^
% Invalid input detected at '^' marker.

Router(config-ext-nacl)#no ip access-list extended WEB
Router(config)#no ip access-list standard INSIDE
Router(config)#no access-list 1 permit host 10.1.2.4
Router(config)#do show access-lists
Extended IP access list 100
    10 permit tcp any host 192.0.2.1 eq www 443
    20 permit tcp any any established
    30 permit udp 10.0.0.0 0.255.255.255 range 1000 2000 any eq domain
    40 deny icmp any any echo
    50 permit gre any any
    60 permit gre any host 192.0.2.9
    70 deny ip any any fragments
Router(config)#no access-list 100
Router(config)#no access-list 99
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show access-lists
Router#show running-config
Building configuration...

Current configuration : 20 bytes
!
version 1.0
!
end

# port 0, which filters against forged packets name; help where a word means something else elsewhere
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#access-list 199 permit ?
...
  ip       Any Internet Protocol
...
Router(config)#access-list 199 permit tcp any ?
  A.B.C.D  Destination address
  any      Any destination host
  eq       Match only packets on a given port number
  gt       Match only packets with a greater port number
  host     A single destination host
...
Router(config)#access-list 199 deny tcp any eq 0 any
Router(config)#access-list 199 permit tcp any range 0 9 any gt 0
Router(config)#access-list 199 permit tcp any lt 0 any
% Invalid port range
Router(config)#access-list 199 permit tcp any gt 65535 any
% Invalid port range
Router(config)#access-list 199 permit tcp any eq 65536 any
                                                 ^
% Invalid input detected at '^' marker.

Router(config)#do show access-lists
Extended IP access list 199
    10 deny tcp any eq 0 any
    20 permit tcp any range 0 discard any gt 0
