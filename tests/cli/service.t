# ip nat service: defaults, what prints, help, and words that are not there.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#do show running-config | include service
Router(config)#ip nat service ?
  all-algs         All gateways, but for ports that were added
  allow-multipart  Bodies of several parts in SIP messages
  dns              Domain Name System
  dns-reset-ttl    Time to live of rewritten DNS answers becomes 0
  dns-v6           DNS messages about IPv6 addresses
  ftp              File Transfer Protocol, port 21
  list             Servers on other ports, by access list
  rcmd             Remote commands: rexec, rlogin and rsh, ports 512 to 514
  sip              Session Initiation Protocol
  sip-ice          ICE candidates in the session descriptions of SIP
  tftp             Trivial File Transfer Protocol, port 69
Router(config)#ip nat service dns ?
  tcp  DNS over TCP, port 53
  udp  DNS over UDP, port 53
Router(config)#ip nat service list 10 ?
  ftp  File Transfer Protocol
Router(config)#ip nat service list 10 ftp tcp port ?
  <1-65535>  Port number
# on already
Router(config)#ip nat service all-algs
Router(config)#ip nat service ftp
Router(config)#do show running-config | include service
Router(config)#ip nat pool P 198.51.100.1 198.51.100.9 prefix-length 24
Router(config)#no ip nat create flow-entries
Router(config)#ip nat translation udp-timeout 60
Router(config)#no ip nat service TFTP
Router(config)#no ip nat service Dns-Reset-TTL
Router(config)#no ip nat serv dns udp
Router(config)#no ip nat service rcmd
Router(config)#ip nat service list 10 ftp tcp port 2121
Router(config)#ip nat service list 10 ftp tcp port 990
Router(config)#ip nat service list SERVERS FTP tcp port 2121
Router(config)#no ip nat service all-algs
Router(config)#no ip nat service all-algs
Router(config)#do show running-config | include nat
ip nat translation udp-timeout 60
ip nat pool P 198.51.100.1 198.51.100.9 prefix-length 24
no ip nat service all-algs
no ip nat service dns udp
no ip nat service dns-reset-ttl
no ip nat service rcmd
no ip nat service tftp
ip nat service list SERVERS ftp tcp port 2121
ip nat service list 10 ftp tcp port 990
ip nat service list 10 ftp tcp port 2121
no ip nat create flow-entries
Router(config)#ip nat service all-algs
Router(config)#ip nat service tftp
Router(config)#ip nat service dns-reset-ttl
Router(config)#ip nat service dns udp
Router(config)#ip nat service rcmd
Router(config)#no ip nat service list 10 ftp tcp port 2121
Router(config)#no ip nat service list SERVERS ftp tcp port 2121
Router(config)#do show running-config | include service
ip nat service list 10 ftp tcp port 990
Router(config)#no ip nat service list 10 ftp tcp port 990
Router(config)#do show running-config | include service
# SIP: 5060 is on by default, others by a line of their own
Router(config)#ip nat service sip ?
  tcp  SIP over TCP
  udp  SIP over UDP
Router(config)#ip nat service sip udp ?
  port  Signalling on a port; 5060 is on by default
Router(config)#ip nat service sip udp port ?
  <1-65535>  Port number
Router(config)#ip nat service sip udp port 5060
Router(config)#no ip nat service sip udp port 5070
Router(config)#do show running-config | include service
Router(config)#ip nat service sip udp port 5070
Router(config)#ip nat service SIP udp port 5080
Router(config)#ip nat service sip tcp port 5070
Router(config)#no ip nat service sip tcp port 5060
Router(config)#no ip nat service sip-ice
Router(config)#ip nat service allow-multipart
Router(config)#do show running-config | include service
ip nat service allow-multipart
no ip nat service sip-ice
no ip nat service sip tcp port 5060
ip nat service sip tcp port 5070
ip nat service sip udp port 5070
ip nat service sip udp port 5080
Router(config)#no ip nat service sip udp port 5080
Router(config)#no ip nat service sip udp port 5060
Router(config)#ip nat service sip tcp port 5060
Router(config)#no ip nat service sip tcp port 5070
Router(config)#do show ip nat alg | include sip
sip     on    tcp 5060 udp 5070   0     0         0         0         0        0          0          ---
Router(config)#ip nat service sip udp port 5060
Router(config)#no ip nat service sip udp port 5070
Router(config)#no ip nat service allow-multipart
Router(config)#ip nat service sip-ice
Router(config)#do show running-config | include service
# not built
Router(config)#ip nat service skinny tcp port 2000
                               ^
% Invalid input detected at '^' marker.

Router(config)#no ip nat service pptp
                                 ^
% Invalid input detected at '^' marker.

Router(config)#ip nat service list 10 ESP spi-match
                                      ^
% Invalid input detected at '^' marker.

Router(config)#ip nat service dns
% Incomplete command.

Router(config)#ip nat service list 10 ftp tcp port 70000
                                                   ^
% Invalid input detected at '^' marker.

Router(config)#ip nat service list 250 ftp tcp port 2121
% Invalid access list name.
Router(config)#ip nat service list
% Incomplete command.

